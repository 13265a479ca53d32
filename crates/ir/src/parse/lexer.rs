//! Words, numbers and punctuation of the text form, with their places.

use super::ParseError;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name: letters, digits and underscores, not starting with a digit.
    Word(String),
    /// A number as written, with its sign if it has one directly before it.
    Number(String),
    /// Text in double quotes, unescaped.
    Text(String),
    /// A character that stands for itself.
    Mark(char),
    /// The end of a line that has tokens.
    NewLine,
    /// The end of the text.
    End,
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Word(text) | Token::Number(text) => write!(f, "`{text}`"),
            Token::Text(text) => write!(f, "{text:?}"),
            Token::Mark(mark) => write!(f, "`{mark}`"),
            Token::NewLine => f.write_str("the end of the line"),
            Token::End => f.write_str("the end of the text"),
        }
    }
}

/// Where a token starts; both count from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub line: u32,
    pub column: u32,
}

impl Place {
    pub(super) fn error(self, message: impl Into<String>) -> ParseError {
        ParseError { line: self.line, column: self.column, message: message.into() }
    }
}

/// Splits a text. `;` starts a comment; empty lines vanish.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Place)>, ParseError> {
    let mut tokens: Vec<(Token, Place)> = Vec::new();
    let mut last = Place { line: 1, column: 1 };
    for (number, line) in text.lines().enumerate() {
        let chars: Vec<char> = line.chars().collect();
        let mut at = 0;
        let mut any = false;
        while at < chars.len() {
            let place = Place { line: number as u32 + 1, column: at as u32 + 1 };
            let start = at;
            let while_matches = |mut at: usize, test: fn(char) -> bool| {
                while at < chars.len() && test(chars[at]) {
                    at += 1;
                }
                at
            };
            let c = chars[at];
            let token = if c.is_whitespace() {
                at += 1;
                continue;
            } else if c == ';' {
                break;
            } else if c == '"' {
                Token::Text(
                    quoted(&chars, &mut at)
                        .ok_or_else(|| place.error("a quoted name that does not end or escapes badly"))?,
                )
            } else if c.is_ascii_alphabetic() || c == '_' {
                at = while_matches(at, |c| c.is_ascii_alphanumeric() || c == '_');
                Token::Word(chars[start..at].iter().collect())
            } else if c.is_ascii_digit() || (c == '-' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) {
                at = while_matches(at + 1, |c| c.is_ascii_alphanumeric() || c == '.');
                // The exponent's sign.
                let hex = chars[start..at].contains(&'x');
                if !hex && chars[at - 1] == 'e' && chars.get(at) == Some(&'-') {
                    at = while_matches(at + 1, |c| c.is_ascii_digit());
                }
                Token::Number(chars[start..at].iter().collect())
            } else if "(){}[],:=+-@".contains(c) {
                at += 1;
                Token::Mark(c)
            } else {
                return Err(place.error(format!("unexpected character {c:?}")));
            };
            tokens.push((token, place));
            any = true;
        }
        last = Place { line: number as u32 + 1, column: chars.len() as u32 + 1 };
        if any {
            tokens.push((Token::NewLine, last));
        }
    }
    tokens.push((Token::End, last));
    Ok(tokens)
}

/// Reads a quoted text that starts at `at`; the inverse of `{:?}`.
fn quoted(chars: &[char], at: &mut usize) -> Option<String> {
    let mut text = String::new();
    *at += 1;
    loop {
        let c = *chars.get(*at)?;
        *at += 1;
        match c {
            '"' => return Some(text),
            '\\' => {
                let escaped = *chars.get(*at)?;
                *at += 1;
                text.push(match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    '0' => '\0',
                    'u' => {
                        let end = *at + chars[*at..].iter().position(|&c| c == '}')?;
                        let digits: String = chars.get(*at + 1..end)?.iter().collect();
                        *at = end + 1;
                        char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                    }
                    '"' | '\\' | '\'' => escaped,
                    _ => return None,
                });
            }
            c => text.push(c),
        }
    }
}
