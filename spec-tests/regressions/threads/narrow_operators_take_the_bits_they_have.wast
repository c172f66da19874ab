;; Operands of a narrow operator are wrapped, the expected value of an exchange too; results are extended with zeros, and
;; neighbours stay as they are.

(module
  (memory 1 1 shared)
  (data (i32.const 0) "\ff\ff\ff\ff\ff\ff\ff\ff")
  (func (export "cmpxchg8") (param i32 i32) (result i32)
    (i32.atomic.rmw8.cmpxchg_u (i32.const 1) (local.get 0) (local.get 1)))
  (func (export "cmpxchg32") (param i64 i64) (result i64)
    (i64.atomic.rmw32.cmpxchg_u (i32.const 4) (local.get 0) (local.get 1)))
  (func (export "add16") (param i64) (result i64) (i64.atomic.rmw16.add_u (i32.const 2) (local.get 0)))
  (func (export "sub8") (param i32) (result i32) (i32.atomic.rmw8.sub_u (i32.const 0) (local.get 0)))
  (func (export "xchg8") (param i64) (result i64) (i64.atomic.rmw8.xchg_u (i32.const 0) (local.get 0)))
  (func (export "all") (result i64) (i64.load (i32.const 0)))
)

(assert_return (invoke "cmpxchg8" (i32.const 0x1234_56ff) (i32.const 0xabcd_ef12)) (i32.const 0xff))
(assert_return (invoke "all") (i64.const 0xffff_ffff_ffff_12ff))
(assert_return (invoke "cmpxchg8" (i32.const 0x13) (i32.const 0)) (i32.const 0x12))
(assert_return (invoke "all") (i64.const 0xffff_ffff_ffff_12ff))
(assert_return (invoke "cmpxchg32" (i64.const -1) (i64.const 0x7_0000_0001)) (i64.const 0xffff_ffff))
(assert_return (invoke "all") (i64.const 0x0000_0001_ffff_12ff))
(assert_return (invoke "add16" (i64.const 0xabc_0002)) (i64.const 0xffff))
(assert_return (invoke "all") (i64.const 0x0000_0001_0001_12ff))
(assert_return (invoke "sub8" (i32.const 0x100)) (i32.const 0xff))
(assert_return (invoke "sub8" (i32.const 0x1ff)) (i32.const 0xff))
(assert_return (invoke "xchg8" (i64.const -256)) (i64.const 0))
(assert_return (invoke "all") (i64.const 0x0000_0001_0001_1200))
