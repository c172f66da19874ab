(module
  (memory 1)
  (func (export "shuffle") (param v128 v128) (result v128)
    (i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31
      (i16x8.mul (local.get 0) (local.get 1)) (i8x16.swizzle (local.get 0) (local.get 1))))
  (func (export "lanes") (param v128 i32) (result i32 f64)
    (i32x4.extract_lane 2 (i32x4.shr_s (local.get 0) (local.get 1)))
    (f64x2.extract_lane 1 (f64x2.min (local.get 0) (f64x2.convert_low_i32x4_s (local.get 0)))))
  (func (export "memory") (param i32 v128) (result v128)
    (v128.store offset=5 (local.get 0) (local.get 1))
    (v128.bitselect (v128.load8_splat (local.get 0)) (v128.load32_zero offset=2 (local.get 0)) (local.get 1))))
