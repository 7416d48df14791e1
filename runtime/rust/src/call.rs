use std::any::Any;
use std::ffi::{c_int, CString};
use std::mem::size_of;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::memory::Handle;
use crate::sys;

/// Ends the calls that it was given to, from any thread, and refuses later ones. Its copies are one.
#[derive(Clone, Debug)]
pub struct Cancellation(Arc<Handle<sys::edgeattn_cancellation>>);

impl Cancellation {
    pub fn new() -> Result<Self> {
        let made = unsafe { sys::edgeattn_cancellation_new() };
        Ok(Cancellation(Arc::new(Handle::new(made, sys::edgeattn_cancellation_free)?)))
    }

    pub fn cancel(&self) {
        unsafe { sys::edgeattn_cancellation_cancel(self.0.get()) }
    }
}

/// What ends a call before it is done, with `Error::Deadline`.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    pub deadline: Option<Duration>,
    pub cancellation: Option<Cancellation>,
}

impl Limits {
    pub(crate) fn milliseconds(&self) -> i64 {
        self.deadline.map_or(sys::UNSET, |time| time.as_millis().try_into().unwrap_or(i64::MAX))
    }

    pub(crate) fn cancellation(&self) -> *mut sys::edgeattn_cancellation {
        self.cancellation.as_ref().map_or(std::ptr::null_mut(), |each| each.0.get())
    }

    pub(crate) fn options(&self) -> sys::edgeattn_call_options {
        sys::edgeattn_call_options {
            size: size_of::<sys::edgeattn_call_options>(),
            deadline_ms: self.milliseconds(),
            cancellation: self.cancellation(),
        }
    }
}

/// Makes options of C by their `_init` function.
macro_rules! defaults {
    ($options:ident, $init:ident) => {{
        let mut options = std::mem::MaybeUninit::<sys::$options>::uninit();
        unsafe {
            sys::$init(options.as_mut_ptr(), std::mem::size_of::<sys::$options>());
            options.assume_init()
        }
    }};
}
pub(crate) use defaults;

/// Holds what a callback panicked with on its way through the core.
#[derive(Default)]
pub(crate) struct Panic(Option<std::boxed::Box<dyn Any + Send>>);

impl Panic {
    /// Runs a callback; 0 ends the call, with an error where it panicked.
    pub fn caught(&mut self, error: *mut *mut sys::edgeattn_error, body: impl FnOnce() -> bool) -> c_int {
        match catch_unwind(AssertUnwindSafe(body)) {
            Ok(goes_on) => goes_on.into(),
            Err(panic) => {
                self.0 = Some(panic);
                let message = CString::from(c"a callback panicked");
                unsafe { *error = sys::edgeattn_error_new(message.as_ptr()) };
                0
            }
        }
    }

    /// Goes on with a panic, where there was one.
    pub fn resume(self) {
        if let Some(panic) = self.0 {
            resume_unwind(panic)
        }
    }
}
