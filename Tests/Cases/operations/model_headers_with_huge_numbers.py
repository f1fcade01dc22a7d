"""The header of a model file contains numbers near the largest that fit into 64 bits. The gateway and `hoosh fit`
report a result or an error, and neither ends by a signal."""

import os
import struct

from kit import Gateway, check, command, done, table, temp_folder, wait_until, write_file

LARGEST = 2**63 - 1


def safetensors(*tensors):
    text = b",".join(
        b'"t%d":{"dtype":"%s","shape":[%d],"data_offsets":[%d,%d]}' % (n, *t) for n, t in enumerate(tensors)
    )
    text = (b"{" + text + b"}").ljust((len(text) + 9) // 8 * 8)
    return struct.pack("<Q", len(text)) + text


FILES = {
    "data that ends at the largest number": safetensors((b"X", 1, 0, LARGEST)),
    "the largest number of 4-bit elements": safetensors((b"F4", 2305843009213693951, 0, 1)),
    "the largest number of 6-bit elements": safetensors((b"F6_E2M3", 1537228672809129301, 0, 1)),
    "sizes whose sum overflows": safetensors((b"X", 1, 0, 9 * 10**18), (b"X", 1, 0, 9 * 10**18)),
    "a valid file": safetensors((b"F16", 1, 0, 2)),
}
demo = table("[[providers]]", type="Demo", models=["demo"])
home = temp_folder()
gateway = None
for label, data in FILES.items():
    if gateway is None or gateway.process.poll() is not None:
        gateway = Gateway(demo)
        wait_until(lambda: gateway.get("/v1/hardware").status == 200)
    got = gateway.post("/v1/hardware/model-format", data, {"content-type": "application/octet-stream"})
    check(got.status in (200, 400), label + ": a response", got.end)
    wait_until(lambda: gateway.process.poll() is not None, 1.5)
    check(gateway.process.poll() is None, label + ": the gateway runs", gateway.process.poll())
    ran = command("fit", write_file(os.path.join(home, "m.safetensors"), data))
    check(
        ran.returncode is not None and ran.returncode >= 0,
        label + ": the command exits without a signal",
        ran.returncode,
    )
done()
