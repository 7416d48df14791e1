"""What every stage needs of an ir.Model: data flow, samples, rules applied and proven, sessions, files."""
