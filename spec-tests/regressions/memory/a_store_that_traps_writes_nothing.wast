;; A store that reaches past the end writes none of its bytes, and neither does a bulk operator.
(module
  (memory 1 1)
  (data $d "abcd")
  (func (export "store64") (i64.store (i32.const 65532) (i64.const -1)))
  (func (export "init") (memory.init $d (i32.const 65533) (i32.const 0) (i32.const 4)))
  (func (export "copy") (memory.copy (i32.const 65533) (i32.const 0) (i32.const 4)))
  (func (export "last") (result i32) (i32.load (i32.const 65532))))
(assert_trap (invoke "store64") "out of bounds memory access")
(assert_trap (invoke "init") "out of bounds memory access")
(assert_trap (invoke "copy") "out of bounds memory access")
(assert_return (invoke "last") (i32.const 0))
