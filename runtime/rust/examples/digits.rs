//! Reads the digit of an image file: digits digits.edge seven.png

use std::env;
use std::path::Path;

use edgeattn::{File, Model, Result, Source};

fn main() -> Result<()> {
    let words: Vec<String> = env::args().collect();
    let model = Model::load(&words[1])?;
    let outputs = model.run(&model.prepare_image_files(&[File::At(Path::new(&words[2]))])?)?;
    let predictions = model.predictions(&outputs, &Source::default())?;
    println!("{}", predictions[0][0].label.as_deref().unwrap_or("none"));
    Ok(())
}
