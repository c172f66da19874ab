;; A vector store that reaches past the end writes nothing, however much of it would fit.
(module
  (memory 1 1)
  (func (export "store") (param i32) (v128.store (local.get 0) (v128.const i64x2 -1 -1)))
  (func (export "lane") (param i32) (v128.store64_lane 0 (local.get 0) (v128.const i64x2 -1 -1)))
  (func (export "last") (result v128) (v128.load (i32.const 65520))))
(assert_trap (invoke "store" (i32.const 65521)) "out of bounds memory access")
(assert_trap (invoke "store" (i32.const 65535)) "out of bounds memory access")
(assert_trap (invoke "lane" (i32.const 65529)) "out of bounds memory access")
(assert_return (invoke "last") (v128.const i64x2 0 0))
