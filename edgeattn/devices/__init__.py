"""Another machine as a host of sessions, reached by SSH or by any command that starts the runtime there."""
