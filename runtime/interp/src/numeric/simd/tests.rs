//! The edges of the lane functions.

use super::arrange::*;
use super::lane::*;
use super::widen::*;
use super::*;

#[test]
fn comparisons_give_ones_or_zeros() {
    assert_eq!(compare([1i8, -1], [1, 1], PartialOrd::lt), [0, 0xff]);
    assert_eq!(compare([1u8, 0xff], [1, 1], PartialOrd::lt), [0, 0]);
    assert_eq!(compare([f32::NAN, 0.0], [f32::NAN, -0.0], PartialEq::eq), [0, u32::MAX]);
    assert_eq!(compare([f64::NAN, 1.0], [f64::NAN, 1.0], PartialEq::ne), [u64::MAX, 0]);
    assert_eq!(compare([f64::NAN, 1.0], [0.0, 1.0], PartialOrd::ge), [0, u64::MAX]);
}

#[test]
fn averages_round_up() {
    assert_eq!([avgr_u8(0, 1), avgr_u8(255, 255), avgr_u8(255, 254), avgr_u8(0, 0)], [1, 255, 255, 0]);
    assert_eq!([avgr_u16(0, 1), avgr_u16(u16::MAX, u16::MAX), avgr_u16(1, 2)], [1, u16::MAX, 2]);
}

#[test]
fn q15_products_round_and_saturate_once() {
    assert_eq!(q15mulr_sat_s(i16::MIN, i16::MIN), i16::MAX);
    assert_eq!(q15mulr_sat_s(i16::MIN, i16::MAX), -32767);
    assert_eq!([q15mulr_sat_s(1, 0x4000), q15mulr_sat_s(1, 0x3fff), q15mulr_sat_s(-1, 0x4000)], [1, 0, 0]);
    assert_eq!(q15mulr_sat_s(-1, 0x4001), -1);
}

#[test]
fn bits_are_counted() {
    for byte in 0..=u8::MAX {
        assert_eq!(u32::from(popcnt(byte)), byte.count_ones());
    }
}

#[test]
fn pseudo_minimum_and_maximum_are_one_of_the_operands() {
    let nan = f32::from_bits(0x7fa0_0001);
    assert_eq!([pmin(nan, 1.0), pmax(nan, 1.0)].map(f32::to_bits), [0x7fa0_0001; 2]);
    assert_eq!([pmin(1.0, nan), pmax(1.0, nan)], [1.0, 1.0]);
    assert_eq!([pmin(0.0f32, -0.0), pmax(-0.0f32, 0.0)].map(f32::to_bits), [0, 0x8000_0000]);
    assert_eq!([pmin(-0.0f32, 0.0), pmax(0.0f32, -0.0)].map(f32::to_bits), [0x8000_0000, 0]);
    assert_eq!((pmin(1.0, 2.0), pmax(1.0, 2.0)), (1.0, 2.0));
}

#[test]
fn bits_are_selected_one_by_one() {
    assert_eq!(bitselect(0xff00, 0x1234, 0x0ff0), 0x1f04);
    assert_eq!((bitselect(7, 9, u64::MAX), bitselect(7, 9, 0)), (7, 9));
}

#[test]
fn narrowing_saturates() {
    assert_eq!([-129, -128, 127, 128].map(narrow_i16_s), [-128, -128, 127, 127]);
    assert_eq!([-1, 0, 255, 256, i16::MIN, i16::MAX].map(narrow_i16_u), [0, 0, 255, 255, 0, 255]);
    assert_eq!([-32769, -32768, 32767, 32768].map(narrow_i32_s), [-32768, -32768, 32767, 32767]);
    assert_eq!([-1, 0, 65535, 65536, i32::MIN].map(narrow_i32_u), [0, 0, 65535, 65535, 0]);
    assert_eq!(narrow([1, 2], [3, 400], narrow_i16_u), [1, 2, 3, 255]);
}

#[test]
fn halves_are_widened() {
    assert_eq!(low::<_, _, 4, 2>([-1i16, 2, 3, 4], i32::from), [-1, 2]);
    assert_eq!(high::<_, _, 4, 2>([1u16, 2, 3, 0xffff], u32::from), [3, 0xffff]);
    assert_eq!(extmul_low::<i8, i16, 4, 2>([-128, 127, 0, 0], [-128, -128, 1, 1]), [16384, -16256]);
    assert_eq!(
        extmul_high::<u32, u64, 4, 2>([0, 0, u32::MAX, 2], [0, 0, u32::MAX, 3]),
        [0xffff_fffe_0000_0001, 6]
    );
    assert_eq!(extadd_pairwise::<u8, u16, 4, 2>([255, 255, 1, 2]), [510, 3]);
    assert_eq!(extadd_pairwise::<i16, i32, 4, 2>([i16::MIN, i16::MIN, 1, -2]), [-65536, -1]);
}

#[test]
fn dot_products_wrap_where_they_must() {
    assert_eq!(dot_i16([i16::MIN; 8], [i16::MIN; 8]), [i32::MIN; 4]);
    assert_eq!(dot_i16([1, 2, 3, 4, 0, 0, -1, 1], [5, 6, 7, 8, 9, 9, 1, 1]), [17, 53, 0, 0]);
    assert_eq!(dot_i8([i8::MIN; 16], [i8::MIN; 16]), [i16::MIN; 8]);
    assert_eq!(dot_i8([i8::MIN; 16], [127; 16]), [-32512; 8]);
    // The sums of bytes have wrapped before they are extended.
    assert_eq!(
        dot_i8_add([i8::MIN; 16], [i8::MIN; 16], [1, 0, -1, i32::MIN]),
        [-65535, -65536, -65537, 0x7fff_0000]
    );
}

#[test]
fn swizzles_and_shuffles_name_lanes() {
    let a: U8x16 = from_fn(|i| i as u8 + 100);
    let b: U8x16 = from_fn(|i| i as u8 + 200);
    let s = [15, 0, 16, 31, 32, 128, 255, 1, 0, 0, 0, 0, 0, 0, 0, 14];
    assert_eq!(swizzle(a, s)[..8], [115, 100, 0, 0, 0, 0, 0, 101]);
    assert_eq!(swizzle(a, s)[15], 114);
    let lanes = [0, 15, 16, 31, 1, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 30];
    assert_eq!(shuffle(a, b, lanes)[..6], [100, 115, 200, 215, 101, 201]);
    assert_eq!(shuffle(a, b, lanes)[15], 214);
}

#[test]
fn one_answer_for_all_lanes() {
    assert!(any_true([0, 1]) && any_true([1 << 63, 0]) && !any_true([0, 0]));
    assert!(all_true([1u8, 255]) && !all_true([0u8, 255]) && !all_true([1u64, 0]));
    assert_eq!(bitmask([-1i16, 0, 1, i16::MIN]), 0b1001);
    for lane in 0..16 {
        let bytes: [u8; 16] = from_fn(|i| if i == lane { 0x80 } else { 0x7f });
        let others = bytes.map(|byte| byte ^ 0x80);
        let halves = |bytes: [u8; 16]| {
            let number = u128::from_le_bytes(bytes);
            [number as u64, (number >> 64) as u64]
        };
        assert_eq!(bitmask_bytes(halves(bytes)), 1 << lane);
        assert_eq!(bitmask_bytes(halves(others)), 0xffff ^ 1 << lane);
    }
}

#[test]
fn lanes_are_taken_and_put() {
    assert_eq!(extract([1u32, 2, 3, 4], 3), 4);
    assert_eq!(replace([1u32, 2, 3, 4], 2, 9), [1, 2, 9, 4]);
    assert_eq!(splat::<u64, 2>(7), [7, 7]);
    assert_eq!(alone::<u32, 4>(7), [7, 0, 0, 0]);
    assert_eq!(zeros_behind::<u32, 2, 4>([7, 8]), [7, 8, 0, 0]);
}

#[test]
fn products_are_rounded_before_they_are_added() {
    // Fused, the sum would be 2^-46: the square of 1 + 2^-23 has a bit that f32 cannot hold.
    let a = 1.0 + f32::EPSILON;
    assert_eq!(madd(a, a, -(1.0 + 2.0 * f32::EPSILON)), 0.0);
    assert_eq!(madd(2.0f64, 3.0, 4.0), 10.0);
}

#[test]
fn lane_functions_apply_to_all_lanes() {
    assert_eq!(map([i8::MIN, -1, 5], i8::wrapping_abs), [i8::MIN, 1, 5]);
    assert_eq!(zip([i8::MAX, i8::MIN], [1, -1], i8::saturating_add), [i8::MAX, i8::MIN]);
    assert_eq!(zip_three([1, 2], [3, 4], [5, 6], |a, b, c| a * b + c), [8, 14]);
}
