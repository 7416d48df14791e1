use std::borrow::Cow;
use std::ffi::{c_char, c_int, c_void, CString};
use std::fs::File;
use std::mem::size_of;
use std::ptr;

use crate::call::{defaults, Limits, Panic};
use crate::error::Result;
use crate::memory::text;
use crate::sys;

/// How a bundle is loaded.
#[derive(Default)]
pub struct LoadOptions<'a> {
    /// Its variants alone, such as "cpu"; none: the first that runs here.
    pub target: Option<&'a str>,
    /// Intra-op threads; none: what the bundle says, but no more than there are cores.
    pub threads: Option<u16>,
    /// Stock operators where kernels are built in.
    pub without_kernels: bool,
    /// Ed25519 public keys in hex, one of which must have signed the bundle; none verifies nothing.
    pub trusted_keys: Option<&'a [&'a str]>,
    /// What ends it, but while the engine opens a graph.
    pub limits: Limits,
    /// Hears how many bytes were checked, and of how many; false ends it with `Error::Deadline`.
    pub on_progress: Option<&'a mut dyn FnMut(u64, u64) -> bool>,
}

/// Where a file of a bundle lies that is in no folder, such as an app's asset.
#[derive(Debug)]
pub enum BundleFile {
    Bytes(Cow<'static, [u8]>),
    /// A part of an open file, read when it is needed, hashed and used from that one copy: where it was changed or cut since,
    /// `Error::Bundle`.
    Part {
        file: File,
        offset: u64,
        bytes: usize,
    },
}

struct Hearing<'a> {
    on_progress: &'a mut dyn FnMut(u64, u64) -> bool,
    panic: Panic,
}

unsafe extern "C" fn hear(done: u64, total: u64, context: *mut c_void, error: *mut *mut sys::edgeattn_error) -> c_int {
    let hearing = &mut *context.cast::<Hearing>();
    hearing.panic.caught(error, || (hearing.on_progress)(done, total))
}

impl LoadOptions<'_> {
    /// Calls `body` with options of C, which point into this.
    pub(crate) fn with<Answer>(
        self,
        body: impl FnOnce(*const sys::edgeattn_load_options) -> Result<Answer>,
    ) -> Result<Answer> {
        let target = self.target.map(text).transpose()?;
        let keys: Option<Vec<CString>> =
            self.trusted_keys.map(|keys| keys.iter().map(|key| text(key)).collect()).transpose()?;
        let pointers: Vec<*const c_char> = keys.iter().flatten().map(|key| key.as_ptr()).collect();
        let mut options = defaults!(edgeattn_load_options, edgeattn_load_options_init);
        options.target = target.as_ref().map_or(ptr::null(), |target| target.as_ptr());
        options.threads = self.threads.map_or(options.threads, c_int::from);
        options.kernels = (!self.without_kernels).into();
        if keys.is_some() {
            options.trusted_keys = pointers.as_ptr(); // an empty list is refused
            options.trusted_key_count = pointers.len();
        }
        options.deadline_ms = self.limits.milliseconds();
        options.cancellation = self.limits.cancellation();
        let Some(on_progress) = self.on_progress else { return body(&options) };
        let mut hearing = Hearing { on_progress, panic: Panic::default() };
        options.on_progress = Some(hear);
        options.context = ptr::from_mut(&mut hearing).cast();
        let answer = body(&options);
        hearing.panic.resume();
        answer
    }
}

impl BundleFile {
    pub(crate) fn view(&self, name: &CString) -> sys::edgeattn_bundle_file {
        let mut view = sys::edgeattn_bundle_file {
            size: size_of::<sys::edgeattn_bundle_file>(),
            name: name.as_ptr(),
            data: ptr::null(),
            descriptor: -1,
            offset: 0,
            bytes: 0,
        };
        match self {
            BundleFile::Bytes(bytes) => (view.data, view.bytes) = (bytes.as_ptr().cast(), bytes.len()),
            BundleFile::Part { file, offset, bytes } => {
                (view.offset, view.bytes) = (i64::try_from(*offset).unwrap_or(i64::MAX), *bytes);
                view.descriptor = descriptor(file);
            }
        }
        view
    }
}

#[cfg(unix)]
fn descriptor(file: &File) -> c_int {
    std::os::fd::AsRawFd::as_raw_fd(file)
}

/// Elsewhere a file is no descriptor, and is refused as one: hand over its bytes.
#[cfg(not(unix))]
fn descriptor(_: &File) -> c_int {
    -1
}
