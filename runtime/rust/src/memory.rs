//! What the core hands out, and what structures of C point into during one call.

use std::ffi::{c_char, CStr, CString};
use std::fmt;
use std::ptr::NonNull;
use std::slice;

use crate::error::{Error, Result};
use crate::sys;

/// What the core handed out, freed with its owner.
pub(crate) struct Handle<Value> {
    pointer: NonNull<Value>,
    free: unsafe extern "C" fn(*mut Value),
}

// The core's objects belong to no thread; those that are one thread's at a time are taken by &mut.
unsafe impl<Value> Send for Handle<Value> {}
unsafe impl<Value> Sync for Handle<Value> {}

impl<Value> Handle<Value> {
    /// Takes what a function hands out; NULL means that there is no memory.
    pub fn new(pointer: *mut Value, free: unsafe extern "C" fn(*mut Value)) -> Result<Self> {
        let lack = || Error::Resource("no memory left; free some".into());
        Ok(Handle { pointer: NonNull::new(pointer).ok_or_else(lack)?, free })
    }

    pub fn get(&self) -> *mut Value {
        self.pointer.as_ptr()
    }
}

impl<Value> fmt::Debug for Handle<Value> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pointer.fmt(out)
    }
}

impl<Value> Drop for Handle<Value> {
    fn drop(&mut self) {
        unsafe { (self.free)(self.get()) }
    }
}

/// Returns a text that C ends with a NUL.
pub(crate) fn text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::Input("a text with a NUL found, one without expected".into()))
}

pub(crate) fn texts<Text: AsRef<str>>(texts: &[Text]) -> Vec<sys::edgeattn_text> {
    texts.iter().map(|each| view(each.as_ref())).collect()
}

/// Returns a text with its length, which lives as long as the text.
pub(crate) fn view(text: &str) -> sys::edgeattn_text {
    sys::edgeattn_text { bytes: text.as_ptr().cast(), size: text.len() }
}

pub(crate) fn ids(tokens: &[i64]) -> sys::edgeattn_ids {
    sys::edgeattn_ids { ids: tokens.as_ptr(), count: tokens.len() }
}

/// Copies a text of the core's.
pub(crate) unsafe fn string(text: *const c_char) -> String {
    CStr::from_ptr(text).to_string_lossy().into_owned()
}

/// Likewise one that may be NULL and may hold NULs.
pub(crate) unsafe fn sized(text: *const c_char, size: usize) -> Option<String> {
    (!text.is_null()).then(|| String::from_utf8_lossy(slice::from_raw_parts(text.cast(), size)).into_owned())
}

/// Takes a text that the core handed out.
pub(crate) fn taken(text: *mut c_char) -> Result<String> {
    let owned = Handle::new(text, sys::edgeattn_text_free)?;
    Ok(unsafe { string(owned.get()) })
}

/// Returns what the core lists, which may be nothing at NULL.
pub(crate) unsafe fn listed<'a, Value>(first: *const Value, count: usize) -> &'a [Value] {
    if count == 0 {
        &[]
    } else {
        slice::from_raw_parts(first, count)
    }
}
