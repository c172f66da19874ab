(module
  (func (export "narrow") (param f32 f32) (result f32 i32)
    (f32.min (local.get 0) (f32.copysign (local.get 1) (f32.const -0)))
    (i32.trunc_sat_f32_s (local.get 0)))
  (func (export "wide") (param f64 f64) (result f64 i64)
    (f64.max (f64.sqrt (local.get 0)) (f64.nearest (local.get 1)))
    (i64.trunc_f64_u (local.get 1)))
  (func (export "choose") (param f64 f64) (result f64)
    (select (local.get 0) (local.get 1) (f64.lt (local.get 0) (local.get 1)))))
