;; What is wrong in a custom section is said by those who ask for it, and by nobody else.
;; Here the section of branch hints has one function, the first, with one hint at offset 2: `i32.const`, not a branch.
(module definition $hinted binary
  "\00asm" "\01\00\00\00"
  "\01\05\01\60\00\01\7f"                                   ;; (type (func (result i32)))
  "\03\02\01\00"                                            ;; (func (type 0))
  "\07\05\01\01f\00\00"                                     ;; (export "f" (func 0))
  "\00\20\19metadata.code.branch_hint" "\01\00\01\02\01\00"
  "\0a\07\01\05\00\41\07\01\0b")                            ;; i32.const 7, nop, end
(module instance $instance $hinted)
(assert_return (invoke $instance "f") (i32.const 7))
(assert_invalid_custom
  (module binary
    "\00asm" "\01\00\00\00"
    "\01\05\01\60\00\01\7f"
    "\03\02\01\00"
    "\00\20\19metadata.code.branch_hint" "\01\00\01\02\01\00"
    "\0a\07\01\05\00\41\07\01\0b")
  "branch hint: invalid target")
;; The value of a hint is 0 or 1.
(assert_malformed_custom
  (module binary
    "\00asm" "\01\00\00\00"
    "\01\05\01\60\00\01\7f"
    "\03\02\01\00"
    "\00\20\19metadata.code.branch_hint" "\01\00\01\02\01\02"
    "\0a\07\01\05\00\41\07\01\0b")
  "invalid branch hint taken byte")
;; Behind the code is too late for a hint, and again nothing but a custom section.
(module binary
  "\00asm" "\01\00\00\00"
  "\01\05\01\60\00\01\7f"
  "\03\02\01\00"
  "\07\05\01\01f\00\00"
  "\0a\07\01\05\00\41\07\01\0b"
  "\00\20\19metadata.code.branch_hint" "\01\00\01\02\01\00")
(assert_return (invoke "f") (i32.const 7))
