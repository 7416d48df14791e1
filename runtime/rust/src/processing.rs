use std::path::Path;
use std::ptr;

use crate::call::defaults;
use crate::error::{handed, Error, Result};
use crate::memory::{text, texts};
use crate::model::{path, Model};
use crate::sys;
use crate::tensor::{answered, Tensors};

/// Pixels of 8 bits, rows from the top: 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGBA.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub pixels: &'a [u8],
}

/// Samples of -1 to 1, as many a channel; `rate` is samples a second.
#[derive(Clone, Debug)]
pub struct Sound {
    pub rate: i64,
    pub channels: Vec<Vec<f32>>,
}

/// Series in their own units, as many values each, in the order of the manifest's names; a NaN is a missing one.
#[derive(Clone, Debug)]
pub struct Series(pub Vec<Vec<f64>>);

/// A file, by where it is or by its bytes: PNG or JPEG; WAV; CSV in UTF-8.
#[derive(Clone, Copy, Debug)]
pub enum File<'a> {
    At(&'a Path),
    Bytes(&'a [u8]),
}

/// What belongs to a batch of texts.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextOptions<'a> {
    /// The second text of each, where the bundle takes pairs.
    pub pairs: Option<&'a [&'a str]>,
    /// The name of what is put before each text; none: the bundle's default, "": nothing.
    pub prompt: Option<&'a str>,
}

/// A function of the core that makes inputs of a batch.
type Prepare<Item> = unsafe extern "C" fn(
    *const sys::edgeattn_model,
    *const Item,
    usize,
    *mut *mut sys::edgeattn_tensors,
    *mut *mut sys::edgeattn_error,
) -> sys::edgeattn_status;

impl Model {
    /// Makes inputs of a batch of texts, by the bundle's tokenizer.
    pub fn prepare_texts(&self, texts: &[&str]) -> Result<Tensors> {
        Ok(self.prepare_texts_with(texts, &TextOptions::default())?.0)
    }

    /// Likewise of pairs, or with a prompt; and returns how many texts lost their last tokens to the bundle's `longest`.
    pub fn prepare_texts_with(&self, given: &[&str], options: &TextOptions) -> Result<(Tensors, usize)> {
        let prompt = options.prompt.map(text).transpose()?;
        let (given, pairs) = (texts(given), options.pairs.map(texts));
        let mut how = defaults!(edgeattn_text_options, edgeattn_text_options_init);
        how.pairs = pairs.as_ref().map_or(ptr::null(), |pairs| pairs.as_ptr());
        how.pair_count = pairs.as_ref().map_or(0, Vec::len);
        how.prompt = prompt.as_ref().map_or(ptr::null(), |prompt| prompt.as_ptr());
        let mut cut = 0;
        let inputs = handed(|inputs, error| unsafe {
            sys::edgeattn_prepare_text(self.get(), given.as_ptr(), given.len(), &how, &mut cut, inputs, error)
        })?;
        Ok((answered(inputs)?, cut))
    }

    pub fn prepare_images(&self, images: &[Image]) -> Result<Tensors> {
        let images: Vec<_> = images.iter().map(view_of_image).collect();
        self.prepare(&images, sys::edgeattn_prepare_image)
    }

    pub fn prepare_image_files(&self, files: &[File]) -> Result<Tensors> {
        self.prepare_files(files, sys::edgeattn_prepare_image_files)
    }

    /// Nothing is resampled or mixed.
    pub fn prepare_sounds(&self, sounds: &[Sound]) -> Result<Tensors> {
        let flat = sounds.iter().map(|sound| even(&sound.channels)).collect::<Result<Vec<_>>>()?;
        let views: Vec<_> = sounds
            .iter()
            .zip(&flat)
            .map(|(sound, (time, samples))| sys::edgeattn_sound {
                rate: sound.rate,
                channels: sound.channels.len() as i64,
                time: *time as i64,
                samples: samples.as_ptr(),
                sample_count: samples.len(),
            })
            .collect();
        self.prepare(&views, sys::edgeattn_prepare_audio)
    }

    pub fn prepare_sound_files(&self, files: &[File]) -> Result<Tensors> {
        self.prepare_files(files, sys::edgeattn_prepare_audio_files)
    }

    pub fn prepare_series(&self, sets: &[Series]) -> Result<Tensors> {
        let flat = sets.iter().map(|set| even(&set.0)).collect::<Result<Vec<_>>>()?;
        let views: Vec<_> = sets
            .iter()
            .zip(&flat)
            .map(|(set, (time, values))| sys::edgeattn_series {
                count: set.0.len() as i64,
                time: *time as i64,
                values: values.as_ptr(),
                value_count: values.len(),
            })
            .collect();
        self.prepare(&views, sys::edgeattn_prepare_series)
    }

    pub fn prepare_series_files(&self, files: &[File]) -> Result<Tensors> {
        self.prepare_files(files, sys::edgeattn_prepare_series_files)
    }

    fn prepare_files(&self, files: &[File], function: Prepare<sys::edgeattn_file>) -> Result<Tensors> {
        with_files(files, |views| self.prepare(views, function))
    }

    fn prepare<Item>(&self, items: &[Item], function: Prepare<Item>) -> Result<Tensors> {
        answered(handed(|inputs, error| unsafe { function(self.get(), items.as_ptr(), items.len(), inputs, error) })?)
    }
}

/// Reads a WAV file of integers of 8 to 32 bits, or of float32.
pub fn read_wav(file: File) -> Result<Sound> {
    let mut rate = 0;
    let samples = with_files(&[file], |files| {
        handed(|samples, error| unsafe { sys::edgeattn_read_audio(files.as_ptr(), &mut rate, samples, error) })
    })?;
    let samples = answered(samples)?.into_values().next().expect("samples are one array");
    let time = samples.dims()[1];
    let channels = samples.values()?.chunks(time.max(1)).map(<[f32]>::to_vec).collect();
    Ok(Sound { rate, channels })
}

fn view_of_image(image: &Image) -> sys::edgeattn_image {
    let Image { height, width, channels, pixels } = *image;
    sys::edgeattn_image {
        height: height as i64,
        width: width as i64,
        channels: channels as i64,
        pixels: pixels.as_ptr(),
        bytes: pixels.len(),
    }
}

/// Returns the length of rows, and these one behind the other; `Error::Input` where they differ.
pub(crate) fn even<Value: Copy>(rows: &[Vec<Value>]) -> Result<(usize, Vec<Value>)> {
    let time = rows.first().map_or(0, Vec::len);
    if rows.iter().any(|row| row.len() != time) {
        return Err(Error::Input("rows of several lengths found, one length expected".into()));
    }
    Ok((time, rows.concat()))
}

fn with_files<Answer>(files: &[File], body: impl FnOnce(&[sys::edgeattn_file]) -> Result<Answer>) -> Result<Answer> {
    let paths = files
        .iter()
        .map(|file| match file {
            File::At(place) => path(place).map(Some),
            File::Bytes(_) => Ok(None),
        })
        .collect::<Result<Vec<_>>>()?;
    let views: Vec<_> = files
        .iter()
        .zip(&paths)
        .map(|(file, path)| match file {
            File::Bytes(bytes) => {
                sys::edgeattn_file { path: ptr::null(), data: bytes.as_ptr().cast(), bytes: bytes.len() }
            }
            File::At(_) => sys::edgeattn_file {
                path: path.as_ref().map_or(ptr::null(), |path| path.as_ptr()),
                data: ptr::null(),
                bytes: 0,
            },
        })
        .collect();
    body(&views)
}
