use std::ffi::c_int;
use std::path::Path;
use std::ptr;

use crate::call::{defaults, Limits};
use crate::error::{handed, Result};
use crate::load::LoadOptions;
use crate::memory::{listed, string, taken, text, Handle};
use crate::model::{path, Model};
use crate::sys;

/// How near one output of one golden sample came to PyTorch's.
#[derive(Clone, Debug, PartialEq)]
pub struct GoldenResult {
    pub sample: i64,
    pub output: String,
    /// The root mean square of its numbers' errors, each in units of its channel's spread.
    pub error: Option<f64>,
    pub max_abs: Option<f64>,
    pub ok: bool,
}

/// How a bundle is timed.
#[derive(Clone, Debug)]
pub struct BenchOptions<'a> {
    pub target: Option<&'a str>,
    /// Each number of intra-op threads is timed; none: as many as the bundle says.
    pub threads: &'a [u16],
    pub rounds: u32,
    pub warmup: u32,
    pub without_kernels: bool,
}

impl Default for BenchOptions<'_> {
    fn default() -> Self {
        BenchOptions { target: None, threads: &[], rounds: 100, warmup: 10, without_kernels: false }
    }
}

impl Model {
    /// Replays the golden vectors: a result for every output of every sample.
    pub fn check(&self, limits: &Limits) -> Result<Vec<GoldenResult>> {
        let options = limits.options();
        results(handed(|results, error| unsafe { sys::edgeattn_check(self.get(), &options, results, error) })?)
    }
}

/// Puts a bundle in the place of another, once its copy there was checked whole and has replayed its golden vectors on this
/// device; else leaves that one. `Error::Runtime` where a golden output misses its tolerance.
pub fn install(folder: impl AsRef<Path>, over: impl AsRef<Path>, options: LoadOptions) -> Result<Vec<GoldenResult>> {
    let (folder, over) = (path(folder.as_ref())?, path(over.as_ref())?);
    let install = |options| {
        handed(|results, error| unsafe {
            sys::edgeattn_install(folder.as_ptr(), over.as_ptr(), options, results, error)
        })
    };
    results(options.with(install)?)
}

/// Times a bundle on its golden inputs: JSON, which `edgeattn report NAME.edge --add` reads.
pub fn bench(folder: impl AsRef<Path>, options: &BenchOptions) -> Result<String> {
    let (folder, target) = (path(folder.as_ref())?, options.target.map(text).transpose()?);
    let threads: Vec<c_int> = options.threads.iter().copied().map(c_int::from).collect();
    let mut how = defaults!(edgeattn_bench_options, edgeattn_bench_options_init);
    how.target = target.as_ref().map_or(ptr::null(), |target| target.as_ptr());
    (how.threads, how.thread_count) = (threads.as_ptr(), threads.len());
    how.rounds = options.rounds.try_into().unwrap_or(c_int::MAX);
    how.warmup = options.warmup.try_into().unwrap_or(c_int::MAX);
    how.kernels = (!options.without_kernels).into();
    taken(handed(|json, error| unsafe { sys::edgeattn_bench(folder.as_ptr(), &how, json, error) })?)
}

fn results(found: *mut sys::edgeattn_golden_results) -> Result<Vec<GoldenResult>> {
    let found = Handle::new(found, sys::edgeattn_golden_results_free)?;
    let number = |number: f64| (!number.is_nan()).then_some(number);
    unsafe {
        let mut count = 0;
        let first = sys::edgeattn_golden_results_get(found.get(), &mut count);
        Ok(listed(first, count)
            .iter()
            .map(|each| {
                let each = &**each;
                GoldenResult {
                    sample: each.sample,
                    output: string(each.output),
                    error: number(each.error),
                    max_abs: number(each.max_abs),
                    ok: each.ok != 0,
                }
            })
            .collect())
    }
}
