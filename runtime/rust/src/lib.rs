//! Runs a bundle that edgeattn exported, on the core in C++.
//!
//! ```no_run
//! # fn main() -> edgeattn::Result<()> {
//! let model = edgeattn::Model::load("sentence.edge")?;
//! let outputs = model.run(&model.prepare_texts(&["a sentence"])?)?;
//! let embedding: &[f32] = outputs["embedding"].values()?;
//! # Ok(())
//! # }
//! ```
//!
//! A `Model` may be used from several threads at once.

mod call;
mod error;
mod generation;
mod golden;
mod load;
mod memory;
mod model;
mod outputs;
mod processing;
mod stream;
#[rustfmt::skip]
#[allow(dead_code)]
mod sys;
mod tensor;

pub use call::{Cancellation, Limits};
pub use error::{Error, Result};
pub use generation::{Answer, EarlyStopping, GenerationOptions, GenerationSession, Prompt};
pub use golden::{bench, install, BenchOptions, GoldenResult};
pub use load::{BundleFile, LoadOptions};
pub use model::{Dim, Graph, Model, TensorSpec};
pub use outputs::{Box, Label, Prediction, Source, TextStream};
pub use processing::{read_wav, File, Image, Series, Sound, TextOptions};
pub use stream::{Moment, Stream};
pub use tensor::{DType, Element, Half, Tensor, Tensors};

/// The release of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
