(module
  (func (export "narrow") (param i32 i32) (result i32)
    (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.shr_u (local.get 1) (i32.const 31))))
  (func (export "wide") (param i64 i64) (result i64)
    (i64.xor (i64.rotl (local.get 0) (i64.const 0)) (i64.div_s (local.get 1) (i64.const -1))))
  (func (export "between") (param i64) (result i32 i64)
    (i32.wrap_i64 (local.get 0)) (i64.extend_i32_s (i32.ctz (i32.wrap_i64 (local.get 0))))))
