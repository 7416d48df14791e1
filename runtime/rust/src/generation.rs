use std::ffi::{c_char, c_int, c_void};
use std::mem::size_of;
use std::ptr;
use std::slice;

use crate::call::{defaults, Limits, Panic};
use crate::error::{handed, Result};
use crate::memory::{ids, listed, sized, texts, view, Handle};
use crate::model::Model;
use crate::sys;
use crate::tensor::{given, Tensors};

/// What a model continues: a decoder's tokens or text, or what an encoder reads.
#[derive(Clone, Copy, Debug)]
pub enum Prompt<'a> {
    Tokens(&'a [i64]),
    Text(&'a str),
    Sources(&'a Tensors),
}

/// When a search with beams ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlyStopping {
    No = sys::EARLY_STOPPING_FALSE as isize,
    Yes = sys::EARLY_STOPPING_TRUE as isize,
    Never = sys::EARLY_STOPPING_NEVER as isize,
}

/// How tokens are chosen, and when to stop. What is none is as the bundle's defaults say, else as stands in brackets.
#[derive(Clone, Default)]
pub struct GenerationOptions<'a> {
    // written by runtime/generation.py: rust_fields
    /// Token ids that begin an encoder-decoder's answer, at least one (none)
    pub start: Option<&'a [i64]>,
    /// Token ids, each of which ends an answer and is no part of it (none)
    pub stop: Option<&'a [i64]>,
    /// Several token ids in a row that end it (none)
    pub stop_sequences: &'a [&'a [i64]],
    /// The most new tokens (as many as there are positions)
    pub max_new_tokens: Option<u32>,
    /// 1 to 8 sequences are continued together, the likeliest (1)
    pub num_beams: Option<u32>,
    /// The most to return for each prompt, at most as many as there are beams (1)
    pub num_return_sequences: Option<u32>,
    /// The power of the length in a score: above 0 favors long sequences (1)
    pub length_penalty: Option<f64>,
    /// Whether as many ended sequences as beams end a search: true, false or never (false)
    pub early_stopping: Option<EarlyStopping>,
    /// Above 1 makes tokens that were there before less likely, below 1 more likely (1)
    pub repetition_penalty: Option<f64>,
    /// 0 takes the likeliest token, of a tie the lowest; above, tokens are drawn (0)
    pub temperature: Option<f64>,
    /// Draws from this many of the likeliest tokens (all)
    pub top_k: Option<u32>,
    /// Draws from the fewest likeliest tokens that hold this share (all)
    pub top_p: Option<f64>,
    /// The same draws the same tokens, of prompt i those of seed + i (drawn anew)
    pub seed: Option<u32>,
    // written: end
    pub stop_strings: &'a [&'a str],
    pub limits: Limits,
    /// Keeps the cache of one prompt, for what continues it.
    pub session: Option<&'a GenerationSession>,
}

/// Keeps the key-value cache of one text, such as a chat, for the next turn: a prompt that begins as what it holds is computed
/// from there on. Calls that go on at the same time take turns in it.
#[derive(Debug)]
pub struct GenerationSession {
    handle: Handle<sys::edgeattn_session>,
    _model: Model, // whose files it reads
}

impl GenerationSession {
    /// Begins a session of a model, a decoder alone.
    pub fn new(model: &Model) -> Result<Self> {
        let session = handed(|session, error| unsafe { sys::edgeattn_session_new(model.get(), session, error) })?;
        Ok(GenerationSession { handle: Handle::new(session, sys::edgeattn_session_free)?, _model: model.clone() })
    }
}

/// One answer. `text` is none where neither a prompt nor a stop was a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub tokens: Vec<i64>,
    pub score: f64,
    pub text: Option<String>,
}

/// What hears an answer as it comes.
enum Heard<'a> {
    Nothing,
    Tokens(&'a mut dyn FnMut(i64) -> bool),
    Text(&'a mut dyn FnMut(&str) -> bool),
}

struct Listener<'a> {
    heard: Heard<'a>,
    panic: Panic,
}

unsafe extern "C" fn on_token(token: i64, context: *mut c_void, error: *mut *mut sys::edgeattn_error) -> c_int {
    let Listener { heard, panic } = &mut *context.cast::<Listener>();
    panic.caught(error, || if let Heard::Tokens(hear) = heard { hear(token) } else { true })
}

unsafe extern "C" fn on_text(
    piece: *const c_char,
    size: usize,
    context: *mut c_void,
    error: *mut *mut sys::edgeattn_error,
) -> c_int {
    let Listener { heard, panic } = &mut *context.cast::<Listener>();
    let piece = String::from_utf8_lossy(slice::from_raw_parts(piece.cast(), size));
    panic.caught(error, || if let Heard::Text(hear) = heard { hear(&piece) } else { true })
}

impl Model {
    /// Continues a prompt, and returns its answer. `hear` is called with each new token as it comes; false ends it there.
    pub fn generate(
        &self,
        prompt: Prompt,
        options: &GenerationOptions,
        mut hear: impl FnMut(i64) -> bool,
    ) -> Result<Answer> {
        Ok(self.answers_heard(&[prompt], options, Heard::Tokens(&mut hear))?.remove(0).remove(0))
    }

    /// Likewise the answer's text, in pieces of whole characters.
    pub fn generate_text(
        &self,
        prompt: Prompt,
        options: &GenerationOptions,
        mut hear: impl FnMut(&str) -> bool,
    ) -> Result<Answer> {
        Ok(self.answers_heard(&[prompt], options, Heard::Text(&mut hear))?.remove(0).remove(0))
    }

    /// Continues several prompts, each by its `num_return_sequences` best answers, the best first. Sources of several rows are
    /// as many prompts.
    pub fn answers(&self, prompts: &[Prompt], options: &GenerationOptions) -> Result<Vec<Vec<Answer>>> {
        self.answers_heard(prompts, options, Heard::Nothing)
    }

    fn answers_heard(&self, prompts: &[Prompt], options: &GenerationOptions, heard: Heard) -> Result<Vec<Vec<Answer>>> {
        let sources = prompts
            .iter()
            .map(|prompt| match prompt {
                Prompt::Sources(tensors) => given(tensors).map(Some),
                _ => Ok(None),
            })
            .collect::<Result<Vec<_>>>()?;
        let views: Vec<_> =
            prompts.iter().zip(&sources).map(|(prompt, sources)| prompt_of(prompt, sources.as_ref())).collect();
        let sequences: Vec<_> = options.stop_sequences.iter().map(|sequence| ids(sequence)).collect();
        let strings = texts(options.stop_strings);
        let mut how = options_of(options);
        (how.stop_sequences, how.stop_sequence_count) = (sequences.as_ptr(), sequences.len());
        (how.stop_strings, how.stop_string_count) = (strings.as_ptr(), strings.len());
        match heard {
            Heard::Nothing => {}
            Heard::Tokens(_) => how.on_token = Some(on_token),
            Heard::Text(_) => how.on_text = Some(on_text),
        }
        let mut listener = Listener { heard, panic: Panic::default() };
        how.context = ptr::from_mut(&mut listener).cast();
        let found = handed(|answers, error| unsafe {
            sys::edgeattn_generate(self.get(), views.as_ptr(), views.len(), &how, answers, error)
        });
        listener.panic.resume();
        let found = Handle::new(found?, sys::edgeattn_answers_free)?;
        Ok((0..).map_while(|prompt| unsafe { answers_to(&found, prompt) }).collect())
    }
}

/// Returns the answers to a prompt; none beyond the last.
unsafe fn answers_to(found: &Handle<sys::edgeattn_answers>, prompt: usize) -> Option<Vec<Answer>> {
    let mut count = 0;
    let first = sys::edgeattn_answers_get(found.get(), prompt, &mut count);
    if first.is_null() {
        return None;
    }
    Some(
        listed(first, count)
            .iter()
            .map(|each| {
                let each = &**each;
                Answer {
                    tokens: listed(each.tokens.ids, each.tokens.count).to_vec(),
                    score: each.score,
                    text: sized(each.text, each.text_size),
                }
            })
            .collect(),
    )
}

fn prompt_of(prompt: &Prompt, sources: Option<&Handle<sys::edgeattn_tensors>>) -> sys::edgeattn_prompt {
    let nothing = sys::edgeattn_ids { ids: ptr::null(), count: 0 };
    let none = sys::edgeattn_text { bytes: ptr::null(), size: 0 };
    sys::edgeattn_prompt {
        size: size_of::<sys::edgeattn_prompt>(),
        tokens: if let Prompt::Tokens(tokens) = prompt { ids(tokens) } else { nothing },
        text: if let Prompt::Text(text) = prompt { view(text) } else { none },
        sources: sources.map_or(ptr::null(), |sources| sources.get()),
    }
}

/// Returns options of C, but for those that point into what is made for the call.
fn options_of(options: &GenerationOptions) -> sys::edgeattn_generate_options {
    let mut how = defaults!(edgeattn_generate_options, edgeattn_generate_options_init);
    how.deadline_ms = options.limits.milliseconds();
    how.cancellation = options.limits.cancellation();
    // written by runtime/generation.py: rust_arguments
    how.start = options.start.map_or(how.start, ids);
    how.stop = options.stop.map_or(how.stop, ids);
    how.max_new_tokens = options.max_new_tokens.map_or(how.max_new_tokens, i64::from);
    how.num_beams = options.num_beams.map_or(how.num_beams, i64::from);
    how.num_return_sequences = options.num_return_sequences.map_or(how.num_return_sequences, i64::from);
    how.length_penalty = options.length_penalty.unwrap_or(how.length_penalty);
    how.early_stopping = options.early_stopping.map_or(how.early_stopping, |when| when as c_int);
    how.repetition_penalty = options.repetition_penalty.unwrap_or(how.repetition_penalty);
    how.temperature = options.temperature.unwrap_or(how.temperature);
    how.top_k = options.top_k.map_or(how.top_k, i64::from);
    how.top_p = options.top_p.unwrap_or(how.top_p);
    how.seed = options.seed.map_or(how.seed, i64::from);
    // written: end
    how.session = options.session.map_or(ptr::null_mut(), |session| session.handle.get());
    how
}
