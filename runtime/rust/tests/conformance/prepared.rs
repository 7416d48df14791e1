//! What becomes of raw inputs, compared with what must.

use std::fs;
use std::path::{Path, PathBuf};

use edgeattn::{Error, File, Image, Model, Result, Series, Sound, Tensors, TextOptions};

use crate::json::Json;
use crate::{reals, Outcome};

/// Prepares raw inputs, each or, in a list, together; null stands for those that are refused.
pub fn prepare(folder: &Path, model: &Model, entry: &Json) -> Result<Outcome> {
    let read = |key: &str| Json::parse(&fs::read_to_string(folder.join(entry[key].text().unwrap())).unwrap());
    let (given, expected) = (read("given"), read("expected"));
    let kind = entry["of"].text().unwrap();
    let mut outcome = Outcome::answered(given.list().len() == expected.list().len());
    for (raws, wanted) in given.list().iter().zip(expected.list()) {
        let difference = match inputs(folder, kind, raws.batch(), model) {
            Err(Error::Input(_)) => {
                if wanted.is_null() {
                    0.0
                } else {
                    f64::INFINITY
                }
            }
            Err(other) => return Err(other),
            Ok(_) if wanted.is_null() => f64::INFINITY,
            Ok(found) => match kind {
                "text" => unlike_rows(&found, None, &of_rows(raws, wanted)),
                "pair" => {
                    let column = |key: &str| wanted.batch().iter().map(|row| row[key].reals()).collect::<Vec<_>>();
                    unlike_rows(&found, Some("ids"), &column("ids")).max(unlike_rows(
                        &found,
                        Some("types"),
                        &column("types"),
                    ))
                }
                _ => unlike_numbers(&found, &wanted.reals()),
            },
        };
        outcome.max_abs = Some(outcome.max_abs.unwrap_or(0.0).max(difference));
    }
    let tolerance = if entry["tolerance"].is_null() { 0.0 } else { entry["tolerance"].real() };
    outcome.agrees &= outcome.max_abs.unwrap_or(0.0) <= tolerance;
    outcome.max_abs = outcome.max_abs.filter(|most| most.is_finite());
    Ok(outcome)
}

/// Returns the rows of token ids of a text, or of a list of them.
fn of_rows(raws: &Json, rows: &Json) -> Vec<Vec<f64>> {
    if matches!(raws, Json::List(_)) {
        rows.list().iter().map(Json::reals).collect()
    } else {
        vec![rows.reals()]
    }
}

fn inputs(folder: &Path, kind: &str, raws: &[Json], model: &Model) -> Result<Tensors> {
    let paths: Vec<PathBuf> = raws.iter().filter_map(|raw| raw["file"].text()).map(|file| folder.join(file)).collect();
    let files: Vec<File> = paths.iter().map(|path| File::At(path)).collect();
    match kind {
        "text" | "pair" => texts(raws, model),
        "image" if files.is_empty() => images(raws, model),
        "image" => model.prepare_image_files(&files),
        "audio" if files.is_empty() => model.prepare_sounds(
            &raws
                .iter()
                .map(|raw| Sound {
                    rate: raw["rate"].integer().unwrap(),
                    channels: rows(&raw["channels"])
                        .iter()
                        .map(|row| row.iter().map(|real| *real as f32).collect())
                        .collect(),
                })
                .collect::<Vec<_>>(),
        ),
        "audio" => model.prepare_sound_files(&files),
        _ if files.is_empty() => {
            model.prepare_series(&raws.iter().map(|raw| Series(rows(&raw["values"]))).collect::<Vec<_>>())
        }
        _ => model.prepare_series_files(&files),
    }
}

fn rows(given: &Json) -> Vec<Vec<f64>> {
    given.list().iter().map(Json::reals).collect()
}

/// Code units that no valid string holds cannot be given in Rust.
fn texts(raws: &[Json], model: &Model) -> Result<Tensors> {
    let text = |raw: &Json| raw.text().or(raw["text"].text()).map(str::to_owned);
    let none = || Error::Input("no valid string".into());
    let texts = raws.iter().map(|raw| text(raw).ok_or_else(none)).collect::<Result<Vec<_>>>()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let pairs: Vec<&str> = raws.iter().filter_map(|raw| raw["pair"].text()).collect();
    let prompt = raws.first().and_then(|raw| raw["prompt"].text());
    Ok(model.prepare_texts_with(&texts, &TextOptions { pairs: (!pairs.is_empty()).then_some(&pairs), prompt })?.0)
}

fn images(raws: &[Json], model: &Model) -> Result<Tensors> {
    let pixels: Vec<Vec<u8>> = raws
        .iter()
        .map(|raw| {
            let hex = raw["pixels"].text().unwrap();
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        })
        .collect();
    let images: Vec<Image> = raws
        .iter()
        .zip(&pixels)
        .map(|(raw, pixels)| {
            let dims = raw["dims"].integers();
            let dim = |axis: usize, default: usize| dims.get(axis).map_or(default, |dim| *dim as usize);
            Image { height: dim(0, 0), width: dim(1, 0), channels: if dims.len() > 3 { 0 } else { dim(2, 1) }, pixels }
        })
        .collect();
    model.prepare_images(&images)
}

fn unlike_numbers(found: &Tensors, wanted: &[f64]) -> f64 {
    let found = found.values().next().map(reals).unwrap_or_default();
    if found.len() != wanted.len() {
        return f64::INFINITY;
    }
    found.iter().zip(wanted).fold(0.0, |most, (one, other)| most.max((one - f64::from(*other as f32)).abs()))
}

/// Holds rows of ids, filled up with zeros, against an input of this name, or any.
fn unlike_rows(found: &Tensors, name: Option<&str>, rows: &[Vec<f64>]) -> f64 {
    let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
    let padded: Vec<f64> =
        rows.iter().flat_map(|row| row.iter().copied().chain(std::iter::repeat(0.0)).take(longest)).collect();
    let is_like =
        |(key, tensor): (&String, &edgeattn::Tensor)| name.is_none_or(|name| name == key) && reals(tensor) == padded;
    if found.iter().any(is_like) {
        0.0
    } else {
        f64::INFINITY
    }
}
