use crate::call::{defaults, Limits};
use crate::error::{call, handed, Result};
use crate::memory::Handle;
use crate::model::Model;
use crate::processing::even;
use crate::sys;
use crate::tensor::{answered, Tensor, Tensors};

/// What a window, or a hop, was answered with, and where it ended: how many samples had come by then.
#[derive(Clone, Debug)]
pub struct Moment {
    pub end: i64,
    pub outputs: Tensors,
}

/// A sound, series or arrays that never end, answered a window at a time or in steps.
///
/// ```no_run
/// # fn main() -> edgeattn::Result<()> {
/// # let (model, samples) = (edgeattn::Model::load("keywords.edge")?, vec![0.0]);
/// let mut stream = model.stream(800, None)?;
/// stream.push_samples(&[samples])?;
/// while let Some(moment) = stream.next(&Default::default())? {
///     println!("{}: {:?}", moment.end, model.labels(&moment.outputs)?[0][0]);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Stream {
    handle: Handle<sys::edgeattn_stream>,
    _model: Model, // whose files it reads
}

/// A function of the core that takes rows of numbers.
type Push<Value> = unsafe extern "C" fn(
    *mut sys::edgeattn_stream,
    *const Value,
    usize,
    usize,
    *mut *mut sys::edgeattn_error,
) -> sys::edgeattn_status;

impl Model {
    /// Begins a stream of windows: an answer each `hop` samples, or values of each series, to the last `window` of them; none:
    /// as many as the input has.
    pub fn stream(&self, hop: i64, window: Option<u32>) -> Result<Stream> {
        let mut options = defaults!(edgeattn_stream_options, edgeattn_stream_options_init);
        options.hop = hop;
        options.window = window.map_or(options.window, i64::from);
        let stream = handed(|stream, error| unsafe { sys::edgeattn_stream_new(self.get(), &options, stream, error) })?;
        Stream::new(self, stream)
    }

    /// Begins a stream in steps, of a bundle with `streaming` in its manifest: each hop is computed once.
    pub fn steps(&self) -> Result<Stream> {
        Stream::new(self, handed(|stream, error| unsafe { sys::edgeattn_step_stream_new(self.get(), stream, error) })?)
    }
}

impl Stream {
    fn new(model: &Model, stream: *mut sys::edgeattn_stream) -> Result<Self> {
        Ok(Stream { handle: Handle::new(stream, sys::edgeattn_stream_free)?, _model: model.clone() })
    }

    /// Takes samples that have come, as many a channel; `Error::Input` where the bundle has other channels.
    pub fn push_samples(&mut self, channels: &[Vec<f32>]) -> Result<()> {
        self.push(channels, sys::edgeattn_stream_push_audio)
    }

    /// Takes values that have come, as many a series; `Error::Input` where the bundle has other series.
    pub fn push_series(&mut self, series: &[Vec<f64>]) -> Result<()> {
        self.push(series, sys::edgeattn_stream_push_series)
    }

    fn push<Value: Copy>(&mut self, rows: &[Vec<Value>], function: Push<Value>) -> Result<()> {
        let (_, values) = even(rows)?;
        call(|error| unsafe { function(self.handle.get(), values.as_ptr(), values.len(), rows.len(), error) })
    }

    /// Takes an array that has come, of a bundle in steps that prepares neither: float32 in the input's dims without the batch.
    pub fn push_array(&mut self, array: &Tensor) -> Result<()> {
        array.with_view("array", |view| {
            call(|error| unsafe { sys::edgeattn_stream_push_array(self.handle.get(), view, error) })
        })
    }

    /// Answers the next window, or hop, that is complete. One that is refused is passed over: the next call goes on behind it.
    pub fn next(&mut self, limits: &Limits) -> Result<Option<Moment>> {
        let (mut end, options) = (0, limits.options());
        let outputs = handed(|outputs, error| unsafe {
            sys::edgeattn_stream_next(self.handle.get(), &options, &mut end, outputs, error)
        })?;
        if outputs.is_null() {
            return Ok(None);
        }
        Ok(Some(Moment { end, outputs: answered(outputs)? }))
    }

    /// Begins anew: nothing has come and, in steps, zeros are in every state.
    pub fn reset(&mut self) -> Result<()> {
        call(|error| unsafe { sys::edgeattn_stream_reset(self.handle.get(), error) })
    }
}
