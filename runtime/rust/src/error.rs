use std::ffi::CStr;
use std::fmt;
use std::ptr;

use crate::sys;

/// What failed, in one line: what was found, what was expected, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The call: a tensor, a prompt, a setting; a model that was closed.
    Input(String),
    /// The bundle: missing, changed, escaping, of an unknown schema.
    Bundle(String),
    /// No variant of the bundle runs here: it needs another engine.
    IncompatibleRuntime(String),
    /// The machine lacks memory or open files.
    Resource(String),
    /// The call did not end in its time, or was cancelled.
    Deadline(String),
    /// Anything else.
    Runtime(String),
}

pub type Result<Value> = std::result::Result<Value, Error>;

impl Error {
    fn new(status: sys::edgeattn_status, message: String) -> Self {
        match status {
            sys::INPUT_ERROR => Error::Input(message),
            sys::BUNDLE_ERROR => Error::Bundle(message),
            sys::INCOMPATIBLE_RUNTIME_ERROR => Error::IncompatibleRuntime(message),
            sys::RESOURCE_ERROR => Error::Resource(message),
            sys::DEADLINE_ERROR => Error::Deadline(message),
            _ => Error::Runtime(message),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Input(message)
            | Error::Bundle(message)
            | Error::IncompatibleRuntime(message)
            | Error::Resource(message)
            | Error::Deadline(message)
            | Error::Runtime(message) => out.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

/// Calls the core, and returns what it reports.
pub(crate) fn call(function: impl FnOnce(*mut *mut sys::edgeattn_error) -> sys::edgeattn_status) -> Result<()> {
    let mut error = ptr::null_mut();
    let status = function(&mut error);
    if status == sys::OK {
        return Ok(());
    }
    // The message lives until the error is freed; of NULL it says that there is no memory.
    let message = unsafe { CStr::from_ptr(sys::edgeattn_error_message(error)) }.to_string_lossy().into_owned();
    unsafe { sys::edgeattn_error_free(error) };
    Err(Error::new(status, message))
}

/// Calls the core for what it hands out through a pointer.
pub(crate) fn handed<Value>(
    function: impl FnOnce(*mut *mut Value, *mut *mut sys::edgeattn_error) -> sys::edgeattn_status,
) -> Result<*mut Value> {
    let mut value = ptr::null_mut();
    call(|error| function(&mut value, error))?;
    Ok(value)
}
