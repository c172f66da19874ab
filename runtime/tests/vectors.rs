//! Vector code, whatever the processor offers: every operator gives the same bits with each choice of extensions, with
//! and without optimisation, and vectors survive every way in and out of compiled code.
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_model::ops::{self, Immediates, OpRow};
use assay_runtime::{
    Config, Engine, Extern, Feature, FeatureSet, Func, FuncType, Global, GlobalType, Instance, Module,
    OptLevel, Store, Val, ValType, VectorExtensions,
};

fn engine(vectors: VectorExtensions, level: OptLevel) -> Engine {
    let mut config = Config::new();
    config
        .features(FeatureSet::built_by_jit())
        .cranelift_debug_verifier(true)
        .cranelift_nan_canonicalization(true)
        .cranelift_opt_level(level)
        .x86_vector_extensions(vectors);
    Engine::new(&config).unwrap()
}

fn engines() -> impl Iterator<Item = (String, Engine)> {
    VectorExtensions::ALL.into_iter().flat_map(|vectors| {
        [OptLevel::Speed, OptLevel::None]
            .into_iter()
            .map(move |level| (format!("{vectors:?}, {level:?}"), engine(vectors, level)))
    })
}

/// The operators that take nothing but vectors: name, number of operands, whether the result is a vector.
fn operators() -> impl Iterator<Item = (&'static str, usize, bool)> {
    let of_vectors = |row: &&OpRow| matches!(row.feature, Some(Feature::Simd | Feature::RelaxedSimd));
    ops::all().filter(of_vectors).filter(|row| row.immediates == Immediates::None).filter_map(|row| {
        let (operands, result) = row.signature.split_once(':')?;
        let vectors_only = operands.chars().all(|letter| letter == 'v');
        vectors_only.then_some((row.mnemonic, operands.len(), result == "v"))
    })
}

/// Lanes at the limits of every shape, and bits of no pattern.
fn inputs() -> Vec<u128> {
    let floats32 =
        |lanes: [f32; 4]| lanes.iter().rev().fold(0, |all, lane| all << 32 | u128::from(lane.to_bits()));
    let floats64 = |lanes: [f64; 2]| u128::from(lanes[1].to_bits()) << 64 | u128::from(lanes[0].to_bits());
    vec![
        0,
        u128::MAX,
        0x7fff_8000_7f80_8001_ff7f_0080_7fff_ffff_u128 << 16 | 0x8000,
        0x8000_0000_0000_0000_7fff_ffff_ffff_ffff,
        0x0f1e_2d3c_4b5a_6978_8796_a5b4_c3d2_e1f0,
        0x0001_0203_1005_0607_ff09_0a0b_800d_0e7f,
        floats32([-0.0, 0.0, f32::INFINITY, f32::NEG_INFINITY]),
        floats32([0.5, -1.5, 4_294_967_040.0, -2_147_483_648.0]),
        floats32([f32::NAN, -f32::MIN_POSITIVE, 1e-45, f32::MAX]),
        floats64([-0.0, f64::INFINITY]),
        floats64([4_294_967_295.5, -2_147_483_648.9]),
        floats64([f64::NAN, 1.000_000_059_604_644_8]),
        floats64([0.1, -2.5]),
    ]
}

fn module() -> (String, Vec<(String, usize, bool)>) {
    let (mut text, mut exports) = (String::from("(module"), Vec::new());
    for (name, operands, is_vector) in operators() {
        let params = " v128".repeat(operands);
        let gets = ["(local.get 0)", "(local.get 1)", "(local.get 2)"][..operands].join(" ");
        let result = if is_vector { "v128" } else { "i32" };
        text += &format!("(func (export \"{name}\") (param{params}) (result {result}) ({name} {gets}))\n");
        exports.push((name.to_owned(), operands, is_vector));
    }
    for shape in ["i8x16", "i16x8", "i32x4", "i64x2"] {
        for shift in ["shl", "shr_s", "shr_u"] {
            let name = format!("{shape}.{shift}");
            // A count from the operand, then one that is known.
            text += &format!(
                "(func (export \"{name}\") (param v128 v128) (result v128)
                   ({name} ({name} (local.get 0) (i32x4.extract_lane 0 (local.get 1))) (i32.const 67)))\n"
            );
            exports.push((name, 2, true));
        }
    }
    (text + ")", exports)
}

/// The result of every operator for every combination of inputs.
fn results(engine: &Engine) -> Vec<(String, [u128; 3], u128)> {
    let (text, exports) = module();
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &Module::new(engine, &text).unwrap(), &[]).unwrap();
    let inputs = inputs();
    let mut all = Vec::new();
    for (name, operands, is_vector) in exports {
        let func = instance.get_func(&mut store, &name).unwrap();
        let mut result = [if is_vector { Val::V128(0) } else { Val::I32(0) }];
        for pick in 0..inputs.len().pow(operands.min(2) as u32) {
            let (first, second) = (inputs[pick % inputs.len()], inputs[pick / inputs.len()]);
            let args = [first, second, first.rotate_left(7) ^ second];
            func.call(&mut store, &args.map(Val::V128)[..operands], &mut result).unwrap();
            let bits = match result[0] {
                Val::V128(bits) => bits,
                Val::I32(value) => u128::from(value.cast_unsigned()),
                _ => unreachable!("no other results"),
            };
            all.push((name.clone(), args, bits));
        }
    }
    all
}

#[test]
fn every_operator_gives_the_same_bits_with_every_choice_of_extensions() {
    let mut expected: Option<Vec<_>> = None;
    for (config, engine) in engines() {
        let actual = results(&engine);
        assert!(actual.len() > 20_000);
        let expected = expected.get_or_insert_with(|| actual.clone());
        for (expected, actual) in expected.iter().zip(&actual) {
            assert_eq!(expected, actual, "{config}");
        }
    }
}

#[test]
fn relaxed_operators_have_one_meaning() {
    let word =
        |lanes: [f32; 4]| lanes.iter().rev().fold(0, |all, lane| all << 32 | u128::from(lane.to_bits()));
    // 1 + 2^-12 squared is 1 + 2^-11 + 2^-24; unfused, the last term is rounded away.
    let near_one = 1.0 + 2f32.powi(-12);
    let cases: [(&str, [u128; 3], u128); 7] = [
        (
            "f32x4.relaxed_madd",
            [word([near_one; 4]), word([near_one; 4]), word([-(1.0 + 2f32.powi(-11)); 4])],
            0,
        ),
        (
            "f32x4.relaxed_nmadd",
            [word([near_one; 4]), word([near_one; 4]), word([1.0 + 2f32.powi(-11); 4])],
            0,
        ),
        ("i8x16.relaxed_swizzle", [u128::from_le_bytes([7; 16]), 0x10 << 120 | 0x7f << 8 | 0x80, 0], {
            let mut lanes = [7; 16];
            (lanes[0], lanes[1], lanes[15]) = (0, 0, 0);
            u128::from_le_bytes(lanes)
        }),
        ("i32x4.relaxed_trunc_f32x4_s", [word([f32::NAN, 3e9, -3e9, -1.9]), 0, 0], {
            0xffff_ffff_8000_0000_7fff_ffff_0000_0000
        }),
        ("i16x8.relaxed_q15mulr_s", [0x8000, 0x8000, 0], 0x7fff),
        // (-128 * -128) + (-128 * -128) wraps to -32768.
        ("i16x8.relaxed_dot_i8x16_i7x16_s", [0x8080, 0x8080, 0], 0x8000),
        ("i32x4.relaxed_dot_i8x16_i7x16_add_s", [0x8080_8080, 0x8080_8080, 5], 0xffff_0005),
    ];
    let (text, _) = module();
    for (config, engine) in engines() {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, &text).unwrap(), &[]).unwrap();
        for (name, args, expected) in cases {
            let func = instance.get_func(&mut store, name).unwrap();
            let (operands, mut result) = (func.ty(&store).params().len(), [Val::V128(0)]);
            func.call(&mut store, &args.map(Val::V128)[..operands], &mut result).unwrap();
            assert!(matches!(result, [Val::V128(bits)] if bits == expected), "{config}: {name} {result:?}");
        }
    }
}

#[test]
fn vectors_survive_the_host_globals_and_more_results_than_registers() {
    let text = r#"(module
      (import "m" "f" (func $host (param i32 v128) (result v128 f32 v128)))
      (import "m" "g" (global $shared (mut v128)))
      (global $own (mut v128) (v128.const i64x2 0 0))
      (global (export "constant") v128 (v128.const i32x4 1 2 3 4))
      (func (export "f") (param v128 i32) (result v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 f32) (local v128)
        (call $host (local.get 1) (local.get 0))
        (global.set $own) (drop) (global.set $shared)
        (local.get 2) (local.get 0) (global.get $own) (global.get $shared) (local.get 2)
        (i8x16.splat (local.get 1)) (local.get 2) (local.get 2) (v128.not (local.get 2))
        (i64x2.add (local.get 0) (local.get 0)) (f32.const 1.5)))"#;
    let wide = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10;
    for (config, engine) in engines() {
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, text).unwrap();
        let ty = FuncType::new(
            &engine,
            [ValType::I32, ValType::V128],
            [ValType::V128, ValType::F32, ValType::V128],
        );
        let host = Func::new(&mut store, ty, |_, args, results| {
            let (Val::I32(3), Val::V128(bits)) = (args[0], args[1]) else { panic!("{args:?}") };
            results.copy_from_slice(&[Val::V128(bits.swap_bytes()), Val::F32(0), Val::V128(!bits)]);
            Ok(())
        });
        let ty = GlobalType { content: ValType::V128, mutable: true };
        let global = Global::new(&mut store, ty, Val::V128(0)).unwrap();
        let imports = [Extern::Func(host), Extern::Global(global)];
        let instance = Instance::new(&mut store, &module, &imports).unwrap();
        let func = instance.get_func(&mut store, "f").unwrap();
        let mut results = [const { Val::V128(0) }; 11];
        func.call(&mut store, &[Val::V128(wide), Val::I32(3)], &mut results).unwrap();
        let splat = u128::from_le_bytes([3; 16]);
        let (low, high) = (wide & u128::from(u64::MAX), wide >> 64);
        let sum = ((high * 2) << 64) | (low * 2);
        let expected = [0, wide, !wide, wide.swap_bytes(), 0, splat, 0, 0, u128::MAX, sum];
        for (position, (actual, expected)) in results.iter().zip(expected).enumerate() {
            assert!(
                matches!(actual, Val::V128(bits) if *bits == expected),
                "{config}: {position}: {actual:?}"
            );
        }
        assert!(matches!(results[10], Val::F32(bits) if bits == 1.5f32.to_bits()));
        assert!(matches!(global.get(&mut store), Val::V128(bits) if bits == wide.swap_bytes()));
    }
}
