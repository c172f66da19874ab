;; Calls of WASI in the directory that stands as descriptor 3: a file copied in pieces of 64 KiB, writes of 16
;; bytes, the clock, and a file opened and closed. Each export takes how often, and any error number is a trap.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (memory (export "memory") 3)
  ;; At 0 a result, at 16 a list of one buffer.
  (data (i32.const 32) "source")
  (data (i32.const 40) "target")
  (data (i32.const 48) "sixteen bytes..\n")

  (func $must (param $errno i32)
    (if (local.get $errno) (then unreachable)))

  ;; Opens a name of six bytes, with these flags, to read or to write.
  (func $open (param $name i32) (param $oflags i32) (param $rights i64) (result i32)
    (call $must (call $path_open (i32.const 3) (i32.const 1) (local.get $name) (i32.const 6)
      (local.get $oflags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 0)))
    (i32.load (i32.const 0)))

  (func $buffer (param $at i32) (param $len i32)
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $len)))

  ;; Reads into the buffer; how many bytes came.
  (func $read (param $fd i32) (result i32)
    (call $must (call $fd_read (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))
    (i32.load (i32.const 0)))

  ;; Writes the buffer, all of it.
  (func $write (param $fd i32)
    (call $must (call $fd_write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))
    (if (i32.ne (i32.load (i32.const 0)) (i32.load (i32.const 20))) (then unreachable)))

  ;; Makes a source of so many pieces, each filled with its number.
  (func (export "prepare") (param $n i32) (result i64)
    (local $fd i32) (local $i i32)
    (local.set $fd (call $open (i32.const 32) (i32.const 9) (i64.const 64)))
    (call $buffer (i32.const 65536) (i32.const 65536))
    (block $done
      (loop $again
        (br_if $done (i32.eq (local.get $i) (local.get $n)))
        (memory.fill (i32.const 65536) (local.get $i) (i32.const 65536))
        (call $write (local.get $fd))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))
    (call $must (call $fd_close (local.get $fd)))
    (i64.extend_i32_u (local.get $i)))

  ;; Copies so many pieces; the sum of their first bytes.
  (func (export "copy") (param $n i32) (result i64)
    (local $source i32) (local $target i32) (local $i i32) (local $sum i64)
    (local.set $source (call $open (i32.const 32) (i32.const 0) (i64.const 2)))
    (local.set $target (call $open (i32.const 40) (i32.const 9) (i64.const 64)))
    (call $buffer (i32.const 65536) (i32.const 65536))
    (block $done
      (loop $again
        (br_if $done (i32.eq (local.get $i) (local.get $n)))
        (if (i32.ne (call $read (local.get $source)) (i32.const 65536)) (then unreachable))
        (local.set $sum (i64.add (local.get $sum) (i64.load8_u (i32.const 65536))))
        (call $write (local.get $target))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))
    (call $must (call $fd_close (local.get $source)))
    (call $must (call $fd_close (local.get $target)))
    (local.get $sum))

  (func (export "write") (param $n i32) (result i64)
    (local $fd i32) (local $i i32)
    (local.set $fd (call $open (i32.const 40) (i32.const 9) (i64.const 64)))
    (call $buffer (i32.const 48) (i32.const 16))
    (block $done
      (loop $again
        (br_if $done (i32.eq (local.get $i) (local.get $n)))
        (call $write (local.get $fd))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))
    (call $must (call $fd_close (local.get $fd)))
    (i64.extend_i32_u (local.get $i)))

  ;; Asks for the monotonic time; how often it did not go back.
  (func (export "clock") (param $n i32) (result i64)
    (local $i i32) (local $last i64) (local $forward i64)
    (block $done
      (loop $again
        (br_if $done (i32.eq (local.get $i) (local.get $n)))
        (call $must (call $clock (i32.const 1) (i64.const 1) (i32.const 0)))
        (local.set $forward (i64.add (local.get $forward)
          (i64.extend_i32_u (i64.ge_u (i64.load (i32.const 0)) (local.get $last)))))
        (local.set $last (i64.load (i32.const 0)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))
    (local.get $forward))

  (func (export "open") (param $n i32) (result i64)
    (local $i i32)
    (block $done
      (loop $again
        (br_if $done (i32.eq (local.get $i) (local.get $n)))
        (call $must (call $fd_close (call $open (i32.const 32) (i32.const 0) (i64.const 2))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))
    (i64.extend_i32_u (local.get $i))))
