//! Words for a shell: what comes from a file name or a folder reaches the command that it stands in, and nothing else does.

use crate::escape;

/// A word for a shell, as it stands or in quotes.
pub fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-./:=,+@%".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if word.chars().any(escape::is_hazardous) {
        format!("$'{}'", word.chars().map(ansi_c).collect::<String>())
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A character inside the quotes of the shell that know escapes.
fn ansi_c(char: char) -> String {
    match char {
        '\'' | '\\' => format!("\\{char}"),
        char if escape::is_hazardous(char) => format!("\\U{:08x}", u32::from(char)),
        char => char.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_reach_the_shell_as_they_are() {
        for word in
            ["f32.wast:12", "a b", "it's", "$HOME `x` \\n", "", "\u{1b}[31m 'ä' \\ \u{202e}\n", "日本"]
        {
            let command = format!("printf %s {}", quoted(word));
            let output =
                std::process::Command::new("bash").arg("-c").arg(command).env("LC_ALL", "C.UTF-8").output();
            assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), word);
        }
    }
}
