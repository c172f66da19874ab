//! The folded form of the older exceptions' `try`, which the library that parses text does not know.
//!
//! Enters: the text of modules or scripts; leaves: the same text, in which each folded `try` reads as the flat one in the
//! parentheses of what ends it, for the library puts a folded instruction behind what it holds:
//!
//! ```text
//! (try $l (result i32) (do A) (catch $e B) (catch_all C))   (try (do A) (delegate 0))
//! (end try $l (result i32)     A   catch $e B   catch_all C )   (delegate 0 try      A               )
//! ```
//!
//! So it stays one operand of what it is an operand of, labels keep their depths, and everything its line. A `try` that the
//! grammar does not have stays as it is, and the library refuses it. Text without a folded `try` is not touched. Knows
//! tokens and parentheses, no other instruction.

use std::borrow::Cow;
use std::ops::Range;

use wast::lexer::{Lexer, Token, TokenKind};

/// The text with every folded `try` in the form that the parsing library takes. What has no such form stays as it is.
pub fn unfold(text: &str) -> Cow<'_, str> {
    if !has_word(text) {
        return text.into();
    }
    let Some(tree) = Tree::new(text) else { return text.into() };
    tree.unfolded().map_or_else(|| text.into(), Cow::Owned)
}

/// Whether `try` can stand in the text as a word of its own. Texts are many, and few of them have it.
fn has_word(text: &str) -> bool {
    let bounds = |byte: Option<&u8>| byte.is_none_or(|byte| b" \t\r\n()\";".contains(byte));
    let bytes = text.as_bytes();
    text.match_indices("try").any(|(at, word)| {
        bounds(at.checked_sub(1).map(|at| &bytes[at])) && bounds(bytes.get(at + word.len()))
    })
}

/// The tokens of a text, without space and comments.
struct Tree<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    /// For each parenthesis that opens, the one that closes it.
    closing: Vec<usize>,
}

/// How a folded `try` is written flat.
struct Flat {
    /// Behind the parenthesis that opens: what the whole ends with.
    head: String,
    /// Tokens that are left out.
    dropped: Vec<Range<usize>>,
}

impl<'a> Tree<'a> {
    /// `None` where tokens or parentheses are not in order.
    fn new(text: &'a str) -> Option<Self> {
        let mut lexer = Lexer::new(text);
        // Whether these characters may stand there is not for this room to say.
        lexer.allow_confusing_unicode(true);
        let passed_over = [TokenKind::Whitespace, TokenKind::LineComment, TokenKind::BlockComment];
        let tokens: Result<Vec<Token>, _> = lexer.iter(0).collect();
        let tokens: Vec<Token> =
            tokens.ok()?.into_iter().filter(|token| !passed_over.contains(&token.kind)).collect();
        let mut closing = vec![0; tokens.len()];
        let mut open = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            match token.kind {
                TokenKind::LParen => open.push(at),
                TokenKind::RParen => closing[open.pop()?] = at,
                _ => {}
            }
        }
        open.is_empty().then_some(Self { text, tokens, closing })
    }

    /// The text, if there is anything to unfold in it.
    fn unfolded(&self) -> Option<String> {
        let mut bytes = self.text.as_bytes().to_vec();
        let mut heads = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            match self.form(at) {
                // What an annotation holds is no code.
                Some((TokenKind::Annotation, _)) => at = self.closing[at],
                Some((TokenKind::Keyword, "try")) => {
                    if let Some(Flat { head, dropped }) = self.folded_try(at) {
                        let tokens = dropped.into_iter().flat_map(|range| &self.tokens[range]);
                        tokens.for_each(|token| bytes[place(token)].fill(b' '));
                        heads.push((place(&self.tokens[at]).end, head));
                    }
                }
                _ => {}
            }
            at += 1;
        }
        if heads.is_empty() {
            return None;
        }
        let mut out = Vec::with_capacity(bytes.len() + heads.len() * 8);
        let mut copied = 0;
        for (at, head) in heads {
            out.extend_from_slice(&bytes[copied..at]);
            out.extend_from_slice(head.as_bytes());
            out.push(b' ');
            copied = at;
        }
        out.extend_from_slice(&bytes[copied..]);
        String::from_utf8(out).ok()
    }

    /// Kind and text of the first token in the parenthesis that opens at `at`, if one does.
    fn form(&self, at: usize) -> Option<(TokenKind, &'a str)> {
        self.tokens.get(at).filter(|token| token.kind == TokenKind::LParen)?;
        self.tokens.get(at + 1).map(|token| (token.kind, token.src(self.text)))
    }

    /// Whether a parenthesis with this word opens at `at`.
    fn opens(&self, at: usize, word: &str) -> bool {
        self.form(at) == Some((TokenKind::Keyword, word))
    }

    /// The `try` in the parenthesis that opens at `open`; `None` where it breaks the grammar of the folded form.
    fn folded_try(&self, open: usize) -> Option<Flat> {
        let mut at = open + 2;
        if self.tokens[at].kind == TokenKind::Id {
            at += 1;
        }
        while ["type", "param", "result"].iter().any(|word| self.opens(at, word)) {
            at = self.closing[at] + 1;
        }
        if !self.opens(at, "do") {
            return None;
        }
        let close = self.closing[at];
        let mut dropped = vec![at..at + 2, close..close + 1];
        at = close + 1;
        let mut head = "end".to_owned();
        if self.opens(at, "delegate") {
            let close = self.closing[at];
            if close != at + 3 || !self.is_index(at + 2) {
                return None;
            }
            head = format!("delegate {}", self.tokens[at + 2].src(self.text));
            dropped.push(at..close + 1);
            at = close + 1;
        } else {
            while self.opens(at, "catch") && self.is_index(at + 2) {
                at = self.unwrap_clause(at, &mut dropped);
            }
            if self.opens(at, "catch_all") {
                at = self.unwrap_clause(at, &mut dropped);
            }
        }
        (at == self.closing[open]).then_some(Flat { head, dropped })
    }

    fn is_index(&self, at: usize) -> bool {
        matches!(self.tokens[at].kind, TokenKind::Id | TokenKind::Integer(_))
    }

    /// Drops the parentheses of a clause; where the next one stands.
    fn unwrap_clause(&self, at: usize, dropped: &mut Vec<Range<usize>>) -> usize {
        let close = self.closing[at];
        dropped.extend([at..at + 1, close..close + 1]);
        close + 1
    }
}

/// The bytes of a token.
fn place(token: &Token) -> Range<usize> {
    token.offset..token.offset + token.len as usize
}

#[cfg(test)]
mod tests {
    use super::unfold;
    use std::borrow::Cow;

    /// The flat text that means the same, as binaries.
    #[track_caller]
    fn same(folded: &str, flat: &str) {
        let module =
            |body: &str| format!("(module (tag $e) (tag $i (param i32)) (func (result i32) {body}))");
        let (folded, flat) = (module(folded), module(flat));
        let unfolded = unfold(&folded);
        let bytes = |text: &str| wat::parse_str(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        assert_eq!(bytes(&unfolded), bytes(&flat), "{unfolded}");
    }

    #[test]
    fn clauses_become_the_flat_form() {
        same(
            "(try $l (result i32) (do (i32.const 1) (br $l)) (catch $i (drop) (rethrow $l)) (catch_all (i32.const 2)))",
            "try $l (result i32) i32.const 1 br $l catch $i drop rethrow $l catch_all i32.const 2 end",
        );
        same("(try (do)) (i32.const 0)", "try end i32.const 0");
        same(
            "(try(do(throw $e))(catch 0(nop))(catch $i drop)) i32.const 0",
            "try throw $e catch 0 nop catch $i drop end i32.const 0",
        );
    }

    #[test]
    fn what_is_delegated_keeps_its_depth() {
        same(
            "(try $a (result i32) (do (try (result i32) (do (block (try (do (br 2)) (delegate 1)))) (delegate $a))) (catch $e (i32.const 1)))",
            "try $a (result i32) try (result i32) block try br 2 delegate 1 end delegate $a catch $e i32.const 1 end",
        );
        same("(try (do) (delegate ;; outwards\n 0)) i32.const 0", "try delegate 0 i32.const 0");
    }

    #[test]
    fn operands_stay_operands() {
        same(
            "(i32.add (i32.const 1) (try (result i32) (do (i32.const 2)) (catch_all (i32.const 3))))",
            "i32.const 1 try (result i32) i32.const 2 catch_all i32.const 3 end i32.add",
        );
        same(
            "(if (result i32) (try (result i32) (do (i32.const 2)) (delegate 0)) (then (i32.const 3)) (else (i32.const 4)))",
            "try (result i32) i32.const 2 delegate 0 if (result i32) i32.const 3 else i32.const 4 end",
        );
    }

    #[test]
    fn lines_stay_and_columns_in_front_of_the_first_try_too() {
        let text = "(func\n  (try ;; (do\n    (do (; (try (do)) ;)\n      (throw $e))\n (catch_all)))";
        let unfolded = unfold(text);
        assert_eq!(
            unfolded,
            "(func\n  (end try ;; (do\n        (; (try (do)) ;)\n      (throw $e) \n  catch_all ))"
        );
    }

    #[test]
    fn text_without_a_folded_try_is_not_touched() {
        for text in [
            "",
            "(module (func try nop catch_all end))",
            "(data \"(try (do))\") ;; (try (do))\n(; (try (do)) ;)",
            "(func $try (try_table (do)))",
            "(@try (try (do)))",
            "(try (do)",
            "(try (do))) (try (do))",
            "(try (do)) \u{1}",
        ] {
            assert!(matches!(unfold(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn what_the_grammar_does_not_have_is_left_to_the_parser() {
        for body in [
            "(try)",
            "(try (catch_all))",
            "(try (result i32) nop (do))",
            "(try (do) (catch_all) (catch_all))",
            "(try (do) (catch_all) (catch $e))",
            "(try (do) (catch $e) (delegate 0))",
            "(try (do) (delegate) (delegate 0))",
            "(try (do) (delegate 0) (delegate 0))",
            "(try (do) (delegate 0 0))",
            "(try (do) (delegate 0 (nop)))",
            "(try (do) (catch))",
            "(try (do) nop)",
            "(try (do) (do))",
        ] {
            assert!(matches!(unfold(body), Cow::Borrowed(_)), "{body}");
            // Without `do` it is taken for flat instructions, which cannot be decoded.
            let text = format!("(module (tag $e) (func {body}))");
            assert!(!body.contains("(do") || wat::parse_str(&text).is_err(), "{body}");
        }
    }

    #[test]
    fn a_wrong_one_does_not_concern_its_neighbours() {
        assert_eq!(unfold("(try (do)) (try (do) (do))"), "(end try     ) (try (do) (do))");
        assert_eq!(unfold("(try (do (try (do)))) (try (x))"), "(end try     (end try     ) ) (try (x))");
    }

    #[test]
    fn thousands_of_levels_take_no_stack() {
        let depth = 20_000;
        let text = "(try (do ".repeat(depth) + &"))".repeat(depth);
        assert_eq!(unfold(&text).matches("end try").count(), depth);
    }
}
