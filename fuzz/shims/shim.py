#!/usr/bin/env python3
"""A Stratum V2 codec behind the shim protocol of fuzz/README.md, written from the specification alone.

    sv2-conform fuzz codec --shim 'python3 fuzz/shims/shim.py'

--bug NAME plants a fault, so that one can see it found: u24-big-endian, swap-ntime-nonce, any-bit-bool, long-b0-32,
hang, die, flood, chatter.
"""

import os
import sys
import time

BUG = sys.argv[2] if sys.argv[1:2] == ["--bug"] else None
BUGS = ["u24-big-endian", "swap-ntime-nonce", "any-bit-bool", "long-b0-32", "hang", "die", "flood", "chatter"]

# Extension type, message type: fields in the order of the wire. Chapters 3 and 5 to 8, and extension 1.
MESSAGES = {
    (0, 0x00): "protocol:u8 min_version:u16 max_version:u16 flags:u32 endpoint_host:str endpoint_port:u16 vendor:str "
    "hardware_version:str firmware:str device_id:str",
    (0, 0x01): "used_version:u16 flags:u32",
    (0, 0x02): "flags:u32 error_code:str",
    (0, 0x03): "channel_id:u32",
    (0, 0x04): "new_host:str new_port:u16",
    (0, 0x10): "request_id:u32 user_identity:str nominal_hash_rate:f32 max_target:u256",
    (0, 0x11): "request_id:u32 channel_id:u32 target:u256 extranonce_prefix:b0_32 group_channel_id:u32",
    (0, 0x12): "request_id:u32 error_code:str",
    (0, 0x13): "request_id:u32 user_identity:str nominal_hash_rate:f32 max_target:u256 min_extranonce_size:u16",
    (0, 0x14): "request_id:u32 channel_id:u32 target:u256 extranonce_size:u16 extranonce_prefix:b0_32 group_channel_id:u32",
    (0, 0x15): "channel_id:u32 job_id:u32 min_ntime:opt(u32) version:u32 merkle_root:u256",
    (0, 0x16): "channel_id:u32 nominal_hash_rate:f32 maximum_target:u256",
    (0, 0x17): "channel_id:u32 error_code:str",
    (0, 0x18): "channel_id:u32 reason_code:str",
    (0, 0x19): "channel_id:u32 extranonce_prefix:b0_32",
    (0, 0x1A): "channel_id:u32 sequence_number:u32 job_id:u32 nonce:u32 ntime:u32 version:u32",
    (0, 0x1B): "channel_id:u32 sequence_number:u32 job_id:u32 nonce:u32 ntime:u32 version:u32 extranonce:b0_32",
    (0, 0x1C): "channel_id:u32 last_sequence_number:u32 new_submits_accepted_count:u32 new_shares_sum:u64",
    (0, 0x1D): "channel_id:u32 sequence_number:u32 error_code:str",
    (0, 0x1F): "channel_id:u32 job_id:u32 min_ntime:opt(u32) version:u32 version_rolling_allowed:bool "
    "merkle_path:seq8(u256) coinbase_tx_prefix:b0_64k coinbase_tx_suffix:b0_64k",
    (0, 0x20): "channel_id:u32 job_id:u32 prev_hash:u256 min_ntime:u32 nbits:u32",
    (0, 0x21): "channel_id:u32 maximum_target:u256",
    (0, 0x22): "channel_id:u32 request_id:u32 mining_job_token:b0_255 version:u32 prev_hash:u256 min_ntime:u32 nbits:u32 "
    "coinbase_tx_version:u32 coinbase_prefix:b0_255 coinbase_tx_input_nSequence:u32 coinbase_tx_outputs:b0_64k "
    "coinbase_tx_locktime:u32 merkle_path:seq8(u256)",
    (0, 0x23): "channel_id:u32 request_id:u32 job_id:u32",
    (0, 0x24): "channel_id:u32 request_id:u32 error_code:str",
    (0, 0x25): "group_channel_id:u32 channel_ids:seq16(u32)",
    (0, 0x50): "user_identifier:str request_id:u32",
    (0, 0x51): "request_id:u32 mining_job_token:b0_255 coinbase_tx_outputs:b0_64k",
    (0, 0x55): "request_id:u32 unknown_tx_position_list:seq16(u16)",
    (0, 0x56): "request_id:u32 transaction_list:seq16(b0_16m)",
    (0, 0x57): "request_id:u32 mining_job_token:b0_255 version:u32 coinbase_tx_prefix:b0_64k coinbase_tx_suffix:b0_64k "
    "wtxid_list:seq16(u256) excess_data:b0_64k",
    (0, 0x58): "request_id:u32 new_mining_job_token:b0_255",
    (0, 0x59): "request_id:u32 error_code:str error_details:b0_64k",
    (0, 0x60): "extranonce:b0_32 prev_hash:u256 nonce:u32 ntime:u32 nbits:u32 version:u32",
    (0, 0x70): "coinbase_output_max_additional_size:u32 coinbase_output_max_additional_sigops:u16",
    (0, 0x71): "template_id:u64 future_template:bool version:u32 coinbase_tx_version:u32 coinbase_prefix:b0_255 "
    "coinbase_tx_input_sequence:u32 coinbase_tx_value_remaining:u64 coinbase_tx_outputs_count:u32 "
    "coinbase_tx_outputs:b0_64k coinbase_tx_locktime:u32 merkle_path:seq8(u256)",
    (0, 0x72): "template_id:u64 prev_hash:u256 header_timestamp:u32 nBits:u32 target:u256",
    (0, 0x73): "template_id:u64",
    (0, 0x74): "template_id:u64 excess_data:b0_64k transaction_list:seq16(b0_16m)",
    (0, 0x75): "template_id:u64 error_code:str",
    (0, 0x76): "template_id:u64 version:u32 header_timestamp:u32 header_nonce:u32 coinbase_tx:b0_64k",
    (1, 0x00): "request_id:u16 requested_extensions:seq16(u16)",
    (1, 0x01): "request_id:u16 supported_extensions:seq16(u16)",
    (1, 0x02): "request_id:u16 unsupported_extensions:seq16(u16) required_extensions:seq16(u16)",
}

UINTS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}
FIXED = {"f32": 4, "u256": 32}
# Width of the length in front, and the greatest length.
BYTES = {"str": (1, 255), "b0_32": (1, 32), "b0_255": (1, 255), "b0_64k": (2, 0xFFFF), "b0_16m": (3, 0xFFFFFF)}
if BUG == "long-b0-32":
    BYTES["b0_32"] = (1, 255)


class Incomplete(Exception):
    pass


def order(width):
    return "big" if BUG == "u24-big-endian" and width == 3 else "little"


def take(data, at, count):
    if at + count > len(data):
        raise Incomplete
    return data[at : at + count], at + count


def number(data, at, width):
    raw, at = take(data, at, width)
    return int.from_bytes(raw, order(width)), at


def write(value, width):
    return value.to_bytes(width, order(width))


def read(kind, data, at):
    """A value of a type at an offset: its text, its bytes as we write them, and the offset behind it."""
    if kind in UINTS:
        value, at = number(data, at, UINTS[kind])
        return str(value), write(value, UINTS[kind]), at
    if kind in FIXED:
        raw, at = take(data, at, FIXED[kind])
        return raw.hex(), raw, at
    if kind == "bool":
        value, at = number(data, at, 1)
        value = int(value != 0) if BUG == "any-bit-bool" else value & 1
        return str(value), bytes([value]), at
    if kind in BYTES:
        width, most = BYTES[kind]
        count, at = number(data, at, width)
        if count > most:
            raise ValueError(f"{kind} of {count} bytes")
        raw, at = take(data, at, count)
        return raw.hex() or "-", write(count, width) + raw, at
    outer, inner = kind[:-1].split("(")
    width, most = {"opt": (1, 1), "seq8": (1, 255), "seq16": (2, 0xFFFF)}[outer]
    count, at = number(data, at, width)
    if count > most:
        raise ValueError(f"{outer} of {count}")
    texts, raws = [], [write(count, width)]
    for _ in range(count):
        text, raw, at = read(inner, data, at)
        texts.append(text)
        raws.append(raw)
    out = b"".join(raws)
    if outer == "opt":
        return (texts or ["none"])[0], out, at
    return "[" + ",".join(texts) + "]", out, at


def message(extension, number_, data):
    fields = MESSAGES.get((extension, number_))
    if fields is None:
        return "unknown"
    out, at, values = b"", 0, {}
    for field in fields.split():
        name, kind = field.split(":")
        values[name], raw, at = read(kind, data, at)
        out += raw
    if BUG == "swap-ntime-nonce" and "ntime" in values:
        values["ntime"], values["nonce"] = values["nonce"], values["ntime"]
    pairs = "".join(f" {name}={text}" for name, text in values.items())
    return f"ok {out.hex() or '-'} used={at}{pairs}"


def frame(data):
    head, at = take(data, 0, 3)
    length, at = number(data, at, 3)
    payload, at = take(data, at, length)
    return "ok " + (head + write(length, 3) + payload).hex()


def answer(line):
    words = [word for word in line.split() if word != "-"]
    try:
        if words[0] == "frame":
            return frame(bytes.fromhex("".join(words[1:])))
        if words[0] == "message":
            return message(int(words[1], 16), int(words[2], 16), bytes.fromhex("".join(words[3:])))
        return "unknown"
    except Incomplete:
        return "incomplete"
    except ValueError as error:
        return f"error {error}"


def main():
    if BUG is not None and BUG not in BUGS:
        sys.exit(f"no such bug: {BUG}; there are {', '.join(BUGS)}")
    if BUG == "chatter":
        print("shim.py is ready", flush=True)
    for count, line in enumerate(sys.stdin):
        if BUG == "hang" and count == 20:
            time.sleep(3600)
        if BUG == "die" and count == 20:
            sys.exit(3)
        while BUG == "flood" and count == 20:
            sys.stdout.write("ok " + "00" * 4096)
        print(answer(line), flush=True)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        # Whoever asked has gone. Nothing is left to be flushed at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
