//! The name that somebody may have meant.

/// The candidate that differs least from `name`, if it differs little.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).clamp(1, 4);
    let scored = candidates.into_iter().map(|candidate| (distance(name, candidate), candidate));
    scored.filter(|&(distance, _)| distance <= allowed).min().map(|(_, candidate)| candidate)
}

/// How many letters have to be put in, left out or changed.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(200).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().take(200).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, &other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn small_slips_are_found_and_other_names_are_not() {
        let names = ["fd_read", "fd_write", "fd_readdir", "path_open"];
        assert_eq!(nearest("fd_wirte", names), Some("fd_write"));
        assert_eq!(nearest("path_opne", names), Some("path_open"));
        assert_eq!(nearest("fd_rea", names), Some("fd_read"));
        assert_eq!(nearest("completely", names), None);
        assert_eq!(nearest("", names), None);
    }
}
