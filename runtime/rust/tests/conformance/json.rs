//! JSON as cases.json needs it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Index;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Integer(i64),
    Text(String),
    List(Vec<Json>),
    Table(BTreeMap<String, Json>),
}

static NULL: Json = Json::Null;

impl Json {
    pub fn parse(text: &str) -> Json {
        Reader { bytes: text.as_bytes(), at: 0 }.value()
    }

    pub fn is_null(&self) -> bool {
        *self == Json::Null
    }

    pub fn text(&self) -> Option<&str> {
        if let Json::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    pub fn flag(&self) -> Option<bool> {
        if let Json::Bool(flag) = self {
            Some(*flag)
        } else {
            None
        }
    }

    pub fn integer(&self) -> Option<i64> {
        match self {
            Json::Integer(integer) => Some(*integer),
            Json::Number(number) if number.fract() == 0.0 => Some(*number as i64),
            Json::Bool(flag) => Some((*flag).into()),
            _ => None,
        }
    }

    /// Returns a number; "NaN" is a NaN, as is what is missing.
    pub fn real(&self) -> f64 {
        match self {
            Json::Integer(integer) => *integer as f64,
            Json::Number(number) => *number,
            Json::Bool(flag) => u8::from(*flag).into(),
            _ => f64::NAN,
        }
    }

    pub fn list(&self) -> &[Json] {
        if let Json::List(list) = self {
            list
        } else {
            &[]
        }
    }

    /// Returns a list, or one of a single value.
    pub fn batch(&self) -> &[Json] {
        if let Json::List(list) = self {
            list
        } else {
            std::slice::from_ref(self)
        }
    }

    pub fn table(&self) -> impl Iterator<Item = (&String, &Json)> {
        let table = if let Json::Table(table) = self { Some(table) } else { None };
        table.into_iter().flatten()
    }

    pub fn integers(&self) -> Vec<i64> {
        self.list().iter().map(|each| each.integer().expect("an integer")).collect()
    }

    pub fn reals(&self) -> Vec<f64> {
        self.list().iter().map(Json::real).collect()
    }
}

/// What is missing is null.
impl Index<&str> for Json {
    type Output = Json;

    fn index(&self, key: &str) -> &Json {
        if let Json::Table(table) = self {
            table.get(key).unwrap_or(&NULL)
        } else {
            &NULL
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => out.write_str("null"),
            Json::Bool(flag) => flag.fmt(out),
            Json::Number(number) => number.fmt(out),
            Json::Integer(integer) => integer.fmt(out),
            Json::Text(text) => write!(out, "{text:?}"), // of ASCII
            _ => unreachable!("only values are printed"),
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> u8 {
        while self.bytes[self.at].is_ascii_whitespace() {
            self.at += 1;
        }
        self.bytes[self.at]
    }

    /// Reads what stands between brackets.
    fn each(&mut self, end: u8, mut read: impl FnMut(&mut Self)) {
        self.at += 1;
        while self.next() != end {
            read(self);
            if self.next() == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    fn value(&mut self) -> Json {
        match self.next() {
            b'{' => {
                let mut table = BTreeMap::new();
                self.each(b'}', |reader| {
                    let key = reader.string();
                    reader.next();
                    reader.at += 1; // the colon
                    table.insert(key, reader.value());
                });
                Json::Table(table)
            }
            b'[' => {
                let mut list = Vec::new();
                self.each(b']', |reader| list.push(reader.value()));
                Json::List(list)
            }
            b'"' => Json::Text(self.string()),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Json {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| b",]} \n".contains(byte)).unwrap_or(rest.len());
        self.at += end;
        match std::str::from_utf8(&rest[..end]).unwrap() {
            "null" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            number => match number.parse() {
                Ok(integer) => Json::Integer(integer),
                Err(_) => Json::Number(number.parse().unwrap()),
            },
        }
    }

    fn string(&mut self) -> String {
        let mut units = Vec::new(); // of UTF-16
        self.at += 1;
        loop {
            let rest = std::str::from_utf8(&self.bytes[self.at..]).unwrap_or_else(|error| panic!("{error}"));
            let character = rest.chars().next().unwrap();
            self.at += character.len_utf8();
            match character {
                '"' => return String::from_utf16(&units).unwrap(),
                '\\' => units.push(self.escaped()),
                _ => units.extend(character.encode_utf16(&mut [0; 2]).iter()),
            }
        }
    }

    fn escaped(&mut self) -> u16 {
        self.at += 1;
        match self.bytes[self.at - 1] {
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => {
                self.at += 4;
                let digits = std::str::from_utf8(&self.bytes[self.at - 4..self.at]).unwrap();
                u16::from_str_radix(digits, 16).unwrap()
            }
            other => other.into(),
        }
    }
}
