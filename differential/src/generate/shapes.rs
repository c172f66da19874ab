//! Shapes that runtimes get wrong, over any operator: how programs compute addresses, read what they have grown, feed operators
//! from the last bytes of memory, choose the lesser of two, and branch by number.
//!
//! Addresses are sums, differences and shifts of 32 bits that lose what overflows, loads that extend the sign, distances from
//! the end that memory has now. Most of them lie inside, so that what comes behind is executed, too. Enters: the function that
//! is being written, and what its memory is like; leaves: more of it. Knows no generator.

use super::code::{Code, Leaf, width};
use super::operators::{END, ROWS, TYPES, operands, results};
use super::words;
use crate::random::Random;
use assay_model::ops::{Immediates, OpRow};
use std::sync::LazyLock;

/// What the memory of a module is like.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Ground {
    /// Whether addresses have 64 bits.
    pub(super) wide: bool,
    /// The binary logarithm of its page size.
    pub(super) page: u32,
}

/// The logarithm of the page size where none is given.
pub(super) const PAGE: u32 = 16;

impl Ground {
    /// The type of addresses.
    pub(super) fn index(self) -> char {
        if self.wide { 'I' } else { 'i' }
    }

    /// A mnemonic of an operator of addresses.
    fn word(self, operator: &str) -> String {
        format!("{}.{operator}", words::name(self.index()))
    }

    /// So many pages, as a growth that may come to its end and mostly does not.
    pub(super) fn growth(self, random: &mut Random) -> u128 {
        if self.page == PAGE { random.below(3) as u128 } else { random.below(60) as u128 }
    }
}

/// Plain loads with one result, by its type in the order of [`TYPES`].
static LOADS: LazyLock<[Vec<&'static OpRow>; 5]> = LazyLock::new(|| {
    let plain =
        |row: &&OpRow| row.immediates == Immediates::MemArg && operands(row) == "a" && row.prefix != 0xfe;
    TYPES.map(|ty| ROWS.iter().copied().filter(plain).filter(|row| results(row).chars().eq([ty])).collect())
});

/// Loads that extend the sign of what is narrower than an address.
fn signed_load(ground: Ground, random: &mut Random) -> &'static str {
    let narrow = ["i32.load8_s", "i32.load16_s"];
    let wide = ["i64.load8_s", "i64.load16_s", "i64.load32_s"];
    let loads = if ground.wide { &wide[..] } else { &narrow };
    loads[random.below(loads.len())]
}

/// An address that only its wrapping, its extension or the present length of memory makes what it is. `leaf` writes a number
/// of 32 bits.
pub(super) fn address(code: &mut Code, random: &mut Random, ground: Ground, leaf: impl FnOnce(&mut Code)) {
    match random.below(11) {
        0..=2 => from_the_end(code, random, ground, 16),
        3 | 10 => signed(code, random, ground),
        kind => {
            leaf(code);
            if ground.wide {
                code.op("i64.extend_i32_u");
            }
            wrapping(code, random, ground, kind);
        }
    }
}

/// So many bytes before the end that memory has now, or a little more.
pub(super) fn from_the_end(code: &mut Code, random: &mut Random, ground: Ground, bytes: u32) {
    let index = ground.index();
    code.op("memory.size").byte(0);
    if ground.page > 0 {
        code.constant(index, ground.page.into()).op(&ground.word("shl"));
    }
    let distance = u128::from(bytes) + *random.pick(&[0, 0, 0, 1, 5, 8, 24]);
    code.constant(index, distance).op(&ground.word("sub"));
}

/// What a load that extends the sign reads: mostly with so much added that it is an address inside.
fn signed(code: &mut Code, random: &mut Random, ground: Ground) {
    let index = ground.index();
    let at = random.below(60) as u128;
    code.constant(index, at).op(signed_load(ground, random)).unsigned(0).unsigned(random.below(3) as u64);
    if random.one_in(2) {
        code.constant(index, 0xff).op(&ground.word("or"));
        code.constant(index, 0x7fff).op(&ground.word("and"));
    }
}

/// The number on the stack made an address by arithmetic that overflows.
fn wrapping(code: &mut Code, random: &mut Random, ground: Ground, kind: usize) {
    let index = ground.index();
    let all = if ground.wide { u64::MAX } else { u64::from(u32::MAX) };
    let base = *random.pick(&[0x100, 0x110, 0x7f00, END - 0x20]);
    match kind {
        // A negative number, and a base that brings it back.
        4..=6 => {
            code.constant(index, (all & !0xff).into()).op(&ground.word("or"));
            code.constant(index, base.into()).op(&ground.word("add"));
        }
        // A base less a negative number.
        7 => {
            code.constant(index, 0xff).op(&ground.word("and"));
            code.constant(index, u128::from(all - 0x3fff)).op(&ground.word("sub"));
        }
        // A wide number that is narrowed, whose upper half is not zero.
        8 if !ground.wide => {
            code.op("i64.extend_i32_u").constant('I', 0x7ff8).op("i64.and");
            code.constant('I', *random.pick(&[1 << 32, 1 << 40, 0xffff_ffff << 32])).op("i64.or");
            code.op("i32.wrap_i64");
        }
        // A scaled number whose upper bits are lost.
        _ => {
            let shift = 1 + random.below(3);
            let lost = all & !(all >> shift);
            code.constant(index, 0xfff).op(&ground.word("and")).constant(index, lost.into());
            code.op(&ground.word("or")).constant(index, shift as u128).op(&ground.word("shl"));
        }
    }
}

/// A value of this type that some load reads from the last bytes of memory, up to the very end most of the time.
pub(super) fn load_at_the_end(code: &mut Code, random: &mut Random, ground: Ground, ty: char) {
    let position = TYPES.iter().position(|&own| own == ty).unwrap_or(0);
    // The plain one of its type as often as all the others.
    let whole = format!("{}.load", words::name(ty));
    let loads = &LOADS[position];
    let plain = loads.iter().find(|row| row.mnemonic == whole && random.one_in(2));
    let row = plain.copied().unwrap_or_else(|| *random.pick(loads));
    let bytes = width(row.mnemonic);
    if random.one_in(3) {
        from_the_end(code, random, ground, bytes);
    } else {
        let short = *random.pick(&[0, 0, 0, 1, 2, 4, 7]);
        code.constant(ground.index(), u128::from(END - u64::from(bytes) - short));
    }
    code.row(row).immediates(row, 0, random);
}

/// A read from memory, its growth, by itself or by this function, and a read from its new end, with the new size. Both values
/// are left, the size on top.
pub(super) fn growth(code: &mut Code, random: &mut Random, ground: Ground, grower: Option<u32>) {
    let index = ground.index();
    code.constant(index, random.below(200) as u128).op("i32.load8_u").unsigned(0).unsigned(0);
    match grower {
        Some(function) => drop(code.call(function)),
        None => grow(code, random, ground),
    }
    from_the_end(code, random, ground, 4);
    code.op("i32.load").unsigned(0).unsigned(0).op("i32.add");
    code.op("memory.size").byte(0);
}

/// Growth by a little, whether it comes off or not.
pub(super) fn grow(code: &mut Code, random: &mut Random, ground: Ground) {
    code.constant(ground.index(), ground.growth(random)).op("memory.grow").byte(0).op("drop");
}

/// The lesser or greater of two, as compilers of other languages write it: a choice between what was compared.
pub(super) fn extremum(code: &mut Code, random: &mut Random, ty: char, (a, b): (Leaf, Leaf)) {
    let shape = match ty {
        'v' => *random.pick(&["i8x16", "i16x8", "i32x4", "f32x4", "f64x2"]),
        _ => words::name(ty),
    };
    let comparisons: &[&str] = match ty {
        'v' if shape.starts_with('f') => &["lt"],
        'v' => &["gt_s"],
        'i' | 'I' => &["lt_s", "lt_u", "gt_s", "ge_u"],
        _ => &["lt", "lt", "le", "gt", "gt", "ge"],
    };
    let comparison = *random.pick(comparisons);
    // The other way round, now and then.
    let (first, second) = if random.one_in(4) { (b, a) } else { (a, b) };
    code.leaf(a).leaf(b).leaf(first).leaf(second).op(&format!("{shape}.{comparison}"));
    code.op(if ty == 'v' { "v128.bitselect" } else { "select" });
}

/// A branch by the number on the stack to one of a few arms, each of which changes the number in `local` in its own way.
pub(super) fn switch(code: &mut Code, random: &mut Random, local: u32, number: impl FnOnce(&mut Code)) {
    let arms = 2 + random.below(2);
    for _ in 0..=arms {
        code.open("block", None);
    }
    number(code);
    if !random.one_in(8) {
        code.constant('i', 7).op("i32.and");
    }
    let entries = 1 + random.below(6);
    code.op("br_table").unsigned(entries as u64);
    for _ in 0..=entries {
        code.unsigned(random.below(arms + 1) as u64);
    }
    for arm in 0..arms {
        code.op("end").get(local).constant('i', 1 + random.below(90) as u128);
        let change: &&str = random.pick(&["i32.add", "i32.xor", "i32.mul", "i32.rotl"]);
        code.op(change).set(local);
        if !random.one_in(4) {
            code.branch("br", (arms - 1 - arm) as u32);
        }
    }
    code.op("end");
}

#[cfg(test)]
mod tests {
    use crate::case::Case;
    use crate::generate::{Generator, Kind, Profile};

    /// The texts of the modules of a profile's cases: line by line, without margins.
    fn modules(profile: Profile, cases: u64) -> Vec<(Kind, Vec<String>)> {
        let mut generator = Generator::new(profile, 1).unwrap();
        let text = |case: Case| {
            let texts = case.modules.iter().map(|module| wasmprinter::print_bytes(&module.bytes).unwrap());
            texts.collect::<String>().lines().map(|line| line.trim().to_owned()).collect()
        };
        (0..cases).map(|index| (generator.kind(index), text(generator.case(index)))).collect()
    }

    /// Whether lines that begin like this stand one behind the other.
    fn stand(lines: &[String], row: &[&str]) -> bool {
        lines
            .windows(row.len())
            .any(|lines| lines.iter().zip(row).all(|(line, start)| line.starts_with(start)))
    }

    #[test]
    fn no_generator_silently_stops_making_the_shapes_that_runtimes_get_wrong() {
        // One case in six is one of objects or exceptions, which have shapes of their own.
        let modules = modules(Profile::Default, 2160);
        let count = |row: &[&str]| modules.iter().filter(|(_, lines)| stand(lines, row)).count();
        let mut wanting = Vec::new();
        for (row, least) in [
            // Addresses: sums and shifts that overflow, what extends the sign, the end of now. Of 8,640 cases 279 have the
            // first; so many of these are three deviations below that.
            (&["i32.const -256", "i32.or", "i32.const", "i32.add"][..], 45),
            (&["i32.const 255", "i32.and", "i32.const -16384", "i32.sub"], 10),
            (&["i32.or", "i32.const", "i32.shl"], 20),
            (&["i32.load8_s", "i32.load"], 2),
            (&["i64.and", "i64.const", "i64.or", "i32.wrap_i64"], 8),
            (&["memory.size", "i32.const 16", "i32.shl", "i32.const", "i32.sub"], 150),
            // Growth between two reads, and in a callee.
            (&["i32.load8_u", "i32.const", "memory.grow", "drop"], 60),
            (&["i32.load8_u", "call"], 20),
            // Operands from memory.
            (&["f64.load", "f64."], 12),
            (&["v128.load", "i8x16"], 15),
            // A choice between what was compared.
            (&["f64.lt", "select"], 8),
            (&["f32.gt", "select"], 8),
            (&["i64.lt_s", "select"], 8),
            // Branches by number, and those that nothing asks.
            (&["br_table"], 80),
            (&["br 1"], 50),
            // Tables up to their end, and those that stand behind imported ones.
            (&["table.size $own", "i32.const", "i32.sub", "table.fill $own"], 10),
            (&["table.size $own", "i32.const", "i32.sub", "table.copy $own $own"], 10),
        ] {
            let made = count(row);
            wanting.extend((made < least).then(|| format!("{row:?}: {made} of {least}")));
        }
        let with = |word: &str| {
            let has = |lines: &[String]| lines.iter().any(|line| line.contains(word));
            modules.iter().filter(|(_, lines)| has(lines)).count()
        };
        for (word, least) in [("(pagesize 0x1)", 80), ("\"host\" \"t\" (table", 20)] {
            let made = with(word);
            wanting.extend((made < least).then(|| format!("{word}: {made} of {least}")));
        }
        assert!(wanting.is_empty(), "of {} cases, too few have {wanting:#?}", modules.len());
    }
}
