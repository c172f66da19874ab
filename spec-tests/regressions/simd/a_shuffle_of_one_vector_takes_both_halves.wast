;; Lanes 16 to 31 of a shuffle are those of the second operand, also where it is the first one again.
(module
  (func (export "same") (param v128) (result v128)
    (i8x16.shuffle 16 0 31 15 17 1 30 14 18 2 29 13 19 3 28 12 (local.get 0) (local.get 0)))
  (func (export "two") (param v128 v128) (result v128)
    (i8x16.shuffle 16 0 31 15 17 1 30 14 18 2 29 13 19 3 28 12 (local.get 0) (local.get 1)))
  (func (export "constant") (result v128)
    (i8x16.shuffle 31 30 29 28 27 26 25 24 7 6 5 4 3 2 1 0
      (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
      (v128.const i8x16 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31)))
  (func (export "swizzle") (param v128 v128) (result v128) (i8x16.swizzle (local.get 0) (local.get 1)))
  (func (export "swizzle constant") (param v128) (result v128)
    (i8x16.swizzle (local.get 0) (v128.const i8x16 15 16 17 31 32 63 64 127 128 129 143 144 200 240 255 0))))
(assert_return (invoke "same" (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))
  (v128.const i8x16 0 0 15 15 1 1 14 14 2 2 13 13 3 3 12 12))
(assert_return
  (invoke "two" (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
                (v128.const i8x16 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31))
  (v128.const i8x16 16 0 31 15 17 1 30 14 18 2 29 13 19 3 28 12))
(assert_return (invoke "constant") (v128.const i8x16 31 30 29 28 27 26 25 24 7 6 5 4 3 2 1 0))
(assert_return
  (invoke "swizzle" (v128.const i8x16 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115)
                    (v128.const i8x16 15 16 17 31 32 63 64 127 128 129 143 144 200 240 255 0))
  (v128.const i8x16 115 0 0 0 0 0 0 0 0 0 0 0 0 0 0 100))
(assert_return
  (invoke "swizzle constant" (v128.const i8x16 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115))
  (v128.const i8x16 115 0 0 0 0 0 0 0 0 0 0 0 0 0 0 100))
