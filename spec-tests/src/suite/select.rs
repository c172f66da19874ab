//! Filters: which files, and which directives of them, a run is about.
//!
//! Enters: the words of `--filter`; leaves: yes or no for a path, and a line when only the directive there is wanted. A word
//! with `*` or `?` has to match the whole path or its last parts; any other word has to occur in it.

use super::SuiteError;

/// One filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pattern: String,
    line: Option<u32>,
}

/// What the filters say about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The file is not wanted.
    None,
    /// All of it is.
    All,
    /// The directives that stand on these lines are.
    Lines(Vec<u32>),
}

impl Filter {
    /// Reads `PATTERN` or `PATTERN:LINE`.
    ///
    /// # Errors
    ///
    /// When the pattern is empty, or the line is 0 or too large.
    pub fn parse(word: &str) -> Result<Self, SuiteError> {
        let error = |why| SuiteError::Filter { filter: word.to_owned(), why };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (pattern, line) = match word.rsplit_once(':') {
            Some((pattern, line)) if is_number(line) => {
                let line = line.parse().map_err(|_| error("the line number is too large"))?;
                (pattern, Some(line))
            }
            _ => (word, None),
        };
        if pattern.is_empty() {
            return Err(error("it is empty"));
        }
        if line == Some(0) {
            return Err(error("lines are counted from 1"));
        }
        Ok(Self { pattern: pattern.to_owned(), line })
    }

    fn matches(&self, path: &str) -> bool {
        if !self.pattern.contains(['*', '?']) {
            return path.contains(&self.pattern);
        }
        let tails = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
        std::iter::once(path).chain(tails).any(|tail| glob(self.pattern.as_bytes(), tail.as_bytes()))
    }
}

impl Selection {
    /// What `filters` say about the file at `path`; no filters want everything.
    pub fn of(filters: &[Filter], path: &str) -> Self {
        if filters.is_empty() {
            return Self::All;
        }
        let mut lines = Vec::new();
        for filter in filters.iter().filter(|filter| filter.matches(path)) {
            match filter.line {
                None => return Self::All,
                Some(line) => lines.push(line),
            }
        }
        if lines.is_empty() { Self::None } else { Self::Lines(lines) }
    }
}

/// Whether `text` matches: `?` is one byte, `*` any number of them. Keeps the last star to return to, so that the time is
/// bounded by the product of the lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                p = at + 1;
                t = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::{Filter, Selection};

    fn selected(words: &[&str], path: &str) -> Selection {
        let filters: Vec<Filter> = words.iter().map(|word| Filter::parse(word).unwrap()).collect();
        Selection::of(&filters, path)
    }

    #[test]
    fn words_occur_and_globs_match() {
        let path = "core/simd/simd_f32x4.wast";
        for word in ["simd", "core/", "f32x4.wast", "simd_*.wast", "core/*/simd_f??x4.wast", "*"] {
            assert_eq!(selected(&[word], path), Selection::All, "{word}");
        }
        for word in ["f64", "simd_?.wast", "*.wat", "ore/simd/simd_*"] {
            assert_eq!(selected(&[word], path), Selection::None, "{word}");
        }
        assert_eq!(selected(&[], path), Selection::All);
    }

    #[test]
    fn lines_are_selected_unless_the_whole_file_is() {
        assert_eq!(selected(&["i32.wast:12", "i32.wast:7"], "core/i32.wast"), Selection::Lines(vec![12, 7]));
        assert_eq!(selected(&["i32.wast:12", "core"], "core/i32.wast"), Selection::All);
        assert_eq!(selected(&["i32.wast:12"], "core/i64.wast"), Selection::None);
    }

    #[test]
    fn nonsense_is_refused() {
        for (word, why) in [
            ("", "bad filter ``: it is empty"),
            (":3", "bad filter `:3`: it is empty"),
            ("a:0", "bad filter `a:0`: lines are counted from 1"),
            ("a:99999999999", "bad filter `a:99999999999`: the line number is too large"),
        ] {
            assert_eq!(Filter::parse(word).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn many_stars_take_little_time() {
        let word = "*a".repeat(40) + "b";
        assert_eq!(selected(&[&word], &"a".repeat(5000)), Selection::None);
    }
}
