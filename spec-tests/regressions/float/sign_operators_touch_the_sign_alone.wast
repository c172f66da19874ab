;; abs, neg and copysign are bit operators: payloads and the quiet bit stay, of NaNs as of numbers.
(module
  (func (export "abs") (param f32) (result f32) (f32.abs (local.get 0)))
  (func (export "neg") (param f32) (result f32) (f32.neg (local.get 0)))
  (func (export "copysign") (param f64 f64) (result f64) (f64.copysign (local.get 0) (local.get 1)))
  (func (export "neg-const") (result f32) (f32.neg (f32.const nan:0x200000))))
(assert_return (invoke "abs" (f32.const -nan:0x200000)) (f32.const nan:0x200000))
(assert_return (invoke "neg" (f32.const nan:0x1)) (f32.const -nan:0x1))
(assert_return (invoke "copysign" (f64.const nan:0x1) (f64.const -0)) (f64.const -nan:0x1))
(assert_return (invoke "neg-const") (f32.const -nan:0x200000))
