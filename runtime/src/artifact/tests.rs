//! Artifacts as bytes: what was written is read, and whatever happened to it is noticed and named.

use super::header::HEADER;
use super::*;
use assay_compile::Target;
use assay_model::artifact::{CodeRange, Handler, StackMap, TrapSite};
use assay_model::features::{Feature, FeatureSet};
use assay_model::layout::{AbiKind, AbiSig};
use assay_model::trap::TrapKind;
use proptest::prelude::*;

fn target() -> Target {
    Target {
        triple: "x86_64-unknown-linux-gnu".to_owned(),
        extensions: vec!["sse41", "avx"],
        settings: vec![("opt-level", "speed"), ("fuel", "off")],
    }
}

fn identity() -> Identity {
    Identity::new(&target(), FeatureSet::built())
}

fn code() -> CodeArtifact {
    let shape = AbiSig { params: [AbiKind::I32].into(), results: [AbiKind::F64, AbiKind::Func].into() };
    CodeArtifact {
        text: (0..100).collect(),
        functions: vec![CodeRange { start: 0, len: 16 }, CodeRange { start: 16, len: 70 }],
        entry_trampolines: vec![(shape.clone(), CodeRange { start: 90, len: 10 })],
        exit_trampolines: vec![(shape, CodeRange { start: 86, len: 4 })],
        traps: vec![
            TrapSite { offset: 3, kind: TrapKind::Unreachable },
            TrapSite { offset: 20, kind: TrapKind::MemoryOutOfBounds },
        ],
        address_map: vec![(0, 30), (16, 0x1234_5678), (80, u32::MAX)],
        stack_maps: vec![
            StackMap { offset: 12, frame_size: 48, first: 0, count: 2 },
            StackMap { offset: 40, frame_size: 16, first: 2, count: 1 },
        ],
        stack_slots: vec![0, 4, 8],
        handlers: vec![Handler { offset: 12, frame_size: 48, landing: 80 }],
    }
}

fn artifact() -> Vec<u8> {
    let code = code();
    write(&identity(), Subject::Binary(b"\0asm\x01\0\0\0"), &code.text, &code)
}

fn refusal(bytes: &[u8]) -> Option<ArtifactError> {
    read(&mut &*bytes, bytes.len() as u64, &identity()).err()
}

/// What an engine with this target says of an artifact for [`target`].
fn refusal_by(target: &Target, features: FeatureSet) -> String {
    let bytes = artifact();
    let here = Identity::new(target, features);
    let refused = read(&mut &*bytes, bytes.len() as u64, &here).err();
    refused.map_or_else(String::new, |error| error.to_string())
}

#[test]
fn what_is_written_is_read() {
    let bytes = artifact();
    let mut contents = read(&mut &*bytes, bytes.len() as u64, &identity()).unwrap();
    let tables = CodeArtifact { text: Vec::new(), ..code() };
    assert_eq!(format!("{:?}", contents.tables), format!("{tables:?}"));
    assert_eq!(
        (contents.text.bytes_mut(), &*contents.binary),
        (&mut code().text[..], &b"\0asm\x01\0\0\0"[..])
    );
    assert_eq!(bytes.len() % 4096, 100, "the text has pages of its own");
}

#[test]
fn every_truncation_is_refused() {
    let bytes = artifact();
    for len in 0..bytes.len() {
        match refusal(&bytes[..len]) {
            Some(ArtifactError::NotAnArtifact) => assert!(len < MAGIC.len()),
            Some(ArtifactError::Truncated { found, expected }) => {
                let whole = if len < HEADER { HEADER } else { bytes.len() };
                assert_eq!((found, expected), (len as u64, whole as u64));
            }
            other => panic!("{len} bytes: {other:?}"),
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let mut bytes = artifact();
    for position in 0..bytes.len() {
        for bit in 0..8 {
            bytes[position] ^= 1 << bit;
            let refused = refusal(&bytes).unwrap_or_else(|| panic!("bit {bit} of byte {position}"));
            if position >= HEADER {
                assert_eq!(refused.to_string(), "the precompiled module is damaged: its digest differs");
            }
            bytes[position] ^= 1 << bit;
        }
    }
    assert!(refusal(&bytes).is_none());
}

#[test]
fn what_follows_an_artifact_is_refused() {
    let mut bytes = artifact();
    bytes.push(0);
    assert!(matches!(refusal(&bytes), Some(ArtifactError::TooLong { .. })));
}

#[test]
fn artifacts_for_elsewhere_are_refused_with_the_reason() {
    let all = FeatureSet::built();
    assert_eq!(refusal_by(&target(), all), "");
    let more = Target { extensions: vec!["sse41", "avx", "avx2"], ..target() };
    assert_eq!(refusal_by(&more, all), "");
    let less = Target { extensions: vec!["sse41"], ..target() };
    assert_eq!(refusal_by(&less, all), "the precompiled module uses `avx`, which is not available here");
    let other = Target { triple: "aarch64-unknown-linux-gnu".to_owned(), ..target() };
    assert_eq!(
        refusal_by(&other, all),
        "the precompiled module was made for x86_64-unknown-linux-gnu, and this host is aarch64-unknown-linux-gnu"
    );
    let settings =
        Target { settings: vec![("opt-level", "none"), ("fuel", "on"), ("new", "on")], ..target() };
    assert_eq!(
        refusal_by(&settings, all),
        "the precompiled module was made with other settings: `opt-level` is speed in it and none here; \
         `fuel` is off in it and on here; `new` is unknown in it and on here"
    );
    let off = all.without(Feature::Simd);
    assert_eq!(refusal_by(&target(), off), "the precompiled module was made with `simd`, which is off here");
}

#[test]
fn artifacts_of_other_versions_say_which() {
    let mut other = identity();
    let here = std::mem::replace(other.version(), "0.0.9 (build 0123)".to_owned());
    let bytes = write(&other, Subject::Key(&[7; 32]), &[], &CodeArtifact::default());
    let said = refusal(&bytes).unwrap().to_string();
    assert_eq!(
        said,
        format!("the precompiled module was made by assay 0.0.9 (build 0123), and this is assay {here}")
    );
}

#[test]
fn lengths_beyond_the_file_are_refused_before_anything_is_allocated() {
    let mut bytes = artifact();
    for place in (16..HEADER - 64).step_by(8) {
        let before = bytes[place..place + 8].to_vec();
        bytes[place..place + 8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(refusal(&bytes).is_some());
        bytes[place..place + 8].copy_from_slice(&before);
    }
    assert!(refusal(&bytes).is_none());
}

proptest! {
    /// Whoever computes the digest anew gets past it. What stands behind it must not panic either.
    #[test]
    fn sealed_nonsense_does_not_panic(changes in proptest::collection::vec((0..2000_usize, any::<u8>()), 1..8)) {
        let mut bytes = artifact();
        for (position, value) in changes {
            bytes[position] = value;
        }
        header::seal(&mut bytes);
        let _either = read(&mut &*bytes, bytes.len() as u64, &identity());
    }

    #[test]
    fn any_bytes_are_no_tables_or_some(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _either = tables::decode(&bytes);
    }
}
