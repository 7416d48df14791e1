use std::ffi::c_char;
use std::mem::size_of;

use crate::error::{handed, Result};
use crate::memory::{listed, sized, string, texts, Handle};
use crate::model::Model;
use crate::sys;
use crate::tensor::{answered, given, Tensor, Tensors};

/// A name, and the output's value at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    pub name: String,
    pub value: f32,
}

/// A rectangle in an image, in pixels where its size is known, else in shares of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Box {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// One thing that an output says, with what belongs to its kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    pub label: Option<String>,
    pub score: Option<f64>,
    /// What was transcribed, or a part of the text that was given.
    pub text: Option<String>,
    pub area: Option<Box>,
    /// Where an answer lies in its context, counted in `chars`.
    pub span: Option<std::ops::Range<usize>>,
}

/// What outputs are answers to; empty where it is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    pub texts: &'a [&'a str],
    /// The second text of each.
    pub pairs: &'a [&'a str],
    /// The width and height in pixels of each image.
    pub sizes: &'a [(i64, i64)],
}

impl Model {
    /// Reads the labelled output: for every vector, labels from the largest value to the least.
    pub fn labels(&self, outputs: &Tensors) -> Result<Vec<Vec<Label>>> {
        let outputs = given(outputs)?;
        let found = handed(|labels, error| unsafe { sys::edgeattn_labels(self.get(), outputs.get(), labels, error) })?;
        let found = Handle::new(found, sys::edgeattn_label_list_free)?;
        let vectors = unsafe { sys::edgeattn_label_list_vectors(found.get()) };
        Ok((0..vectors)
            .map(|vector| unsafe {
                let mut count = 0;
                let first = sys::edgeattn_label_list_get(found.get(), vector, &mut count);
                listed(first, count)
                    .iter()
                    .map(|label| Label { name: string(label.name), value: label.value })
                    .collect()
            })
            .collect())
    }

    /// Reads outputs as a person would: for every row labels with scores, a text, the words of its text, an answer, or objects.
    pub fn predictions(&self, outputs: &Tensors, source: &Source) -> Result<Vec<Vec<Prediction>>> {
        let (outputs, texts, pairs) = (given(outputs)?, texts(source.texts), texts(source.pairs));
        let sizes: Vec<_> = source
            .sizes
            .iter()
            .map(|(width, height)| sys::edgeattn_image_size { width: *width, height: *height })
            .collect();
        let source = sys::edgeattn_prediction_source {
            size: size_of::<sys::edgeattn_prediction_source>(),
            texts: texts.as_ptr(),
            text_count: texts.len(),
            sizes: sizes.as_ptr(),
            size_count: sizes.len(),
            pairs: pairs.as_ptr(),
            pair_count: pairs.len(),
        };
        let found = handed(|list, error| unsafe {
            sys::edgeattn_predictions(self.get(), outputs.get(), &source, list, error)
        })?;
        let found = Handle::new(found, sys::edgeattn_prediction_list_free)?;
        let rows = unsafe { sys::edgeattn_prediction_list_rows(found.get()) };
        Ok((0..rows)
            .map(|row| unsafe {
                let mut count = 0;
                let first = sys::edgeattn_prediction_list_get(found.get(), row, &mut count);
                listed(first, count).iter().map(|each| prediction_of(&**each)).collect()
            })
            .collect())
    }

    /// Returns what a call forecast, in the series' own units: float64 [batch, series, time].
    pub fn forecast(&self, outputs: &Tensors) -> Result<Tensor> {
        let outputs = given(outputs)?;
        let found =
            handed(|forecast, error| unsafe { sys::edgeattn_forecast(self.get(), outputs.get(), forecast, error) })?;
        Ok(answered(found)?.into_values().next().expect("a forecast is one array"))
    }

    /// Returns the text of token ids, special tokens left out.
    pub fn decode(&self, tokens: &[i64]) -> Result<String> {
        text_of(|text, size, error| unsafe {
            sys::edgeattn_decode(self.get(), tokens.as_ptr(), tokens.len(), text, size, error)
        })
    }
}

/// The text of tokens as they come: together, its pieces are what `Model::decode` makes of them all.
#[derive(Debug)]
pub struct TextStream(Handle<sys::edgeattn_text_stream>);

impl TextStream {
    /// Begins the text of a model's tokens; `Error::Input` where the bundle has no tokenizer.
    pub fn new(model: &Model) -> Result<Self> {
        let stream = handed(|stream, error| unsafe { sys::edgeattn_text_stream_new(model.get(), stream, error) })?;
        Ok(TextStream(Handle::new(stream, sys::edgeattn_text_stream_free)?))
    }

    /// Takes a token, and returns the text that has become certain: none where a character is not whole yet.
    pub fn push(&mut self, token: i64) -> Result<String> {
        text_of(|text, size, error| unsafe { sys::edgeattn_text_stream_push(self.0.get(), token, text, size, error) })
    }

    /// Returns the text that was held back, and begins anew.
    pub fn finish(&mut self) -> Result<String> {
        text_of(|text, size, error| unsafe { sys::edgeattn_text_stream_finish(self.0.get(), text, size, error) })
    }
}

/// Calls the core for a text that may hold NULs.
fn text_of(
    function: impl FnOnce(*mut *mut c_char, *mut usize, *mut *mut sys::edgeattn_error) -> sys::edgeattn_status,
) -> Result<String> {
    let mut size = 0;
    let text = handed(|text, error| function(text, &mut size, error))?;
    let text = Handle::new(text, sys::edgeattn_text_free)?;
    Ok(unsafe { sized(text.get(), size) }.unwrap_or_default())
}

unsafe fn prediction_of(view: &sys::edgeattn_prediction) -> Prediction {
    let [left, top, right, bottom] = view.r#box;
    Prediction {
        label: (!view.label.is_null()).then(|| string(view.label)),
        score: (!view.score.is_nan()).then_some(view.score),
        text: sized(view.text, view.text_size),
        area: (view.has_box != 0).then_some(Box { left, top, right, bottom }),
        span: (view.has_span != 0).then(|| view.span[0] as usize..view.span[1] as usize),
    }
}
