import Foundation
import Testing

@testable import Support

/// The hardware information of the program, at the command line and over HTTP.
@Suite struct HardwareTests {
  private func get(_ port: Int, _ path: String, _ body: String? = nil) throws -> (status: Int, json: [String: Any])
  {
    let file = FileManager.default.temporaryDirectory.appending(path: "answer-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let curl = Process()
    let out = Pipe()
    curl.executableURL = URL(filePath: "/usr/bin/curl")
    curl.arguments = ["-s", "-m", "20", "-o", file.path, "-w", "%{http_code}", "http://127.0.0.1:\(port)\(path)"]
    if let body { curl.arguments? += ["--data-binary", body] }
    curl.standardOutput = out
    try curl.run()
    let code = out.fileHandleForReading.readDataToEndOfFile()
    curl.waitUntilExit()
    let json = try? JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
    return (Int(String(decoding: code, as: UTF8.self)) ?? 0, json ?? [:])
  }

  @Test func `a gateway serves the machine's hardware and the models that fit on it`() throws {
    let program = try Program(["serve", "-p", "0"])
    let port = try program.port()
    #expect(eventually(upTo: .seconds(20)) { (try? get(port, "/v1/hardware").status) == 200 })
    let machine = try get(port, "/v1/hardware/").json
    #expect(machine["accelerators"] is [Any])
    #expect(((machine["memory"] as? [String: Any])?["installed_bytes"] as? Int ?? 0) > 0)
    for path in ["telemetry", "models", "compatible-models"] {
      #expect(try get(port, "/v1/hardware/\(path)").status == 200)
    }
    let plan = try get(port, "/v1/hardware/placement", "{\"model\":\"llama-3.2-1b\"}")
    #expect(plan.status == 200)
    #expect(plan.json["model_params"] as? Int == 1_000_000_000)
    #expect(
      try get(port, "/v1/hardware/simulate", "{\"add_devices\":[{\"memory_bytes\":85899345920}]}").status == 200)
    #expect(try get(port, "/v1/hardware/model-format", "GGUF").json["format"] as? String == "gguf")
    #expect(try get(port, "/v1/hardware/cost", "{\"model\":\"70b\"}").status == 200)
    #expect(try get(port, "/v1/hardware/training-estimate", "{\"model\":\"7b\"}").status == 200)
    #expect(try get(port, "/v1/hardware/requirement-match", "{\"requirement\":\"gpu\"}").status == 200)
    let refused = try get(port, "/v1/hardware/placement", "{\"model_params\":-1}")
    #expect(refused.status == 400)
    #expect((refused.json["error"] as? [String: Any])?["param"] as? String == "model_params")
    #expect(try get(port, "/v1/hardware/placement").status == 405)
    #expect(try get(port, "/v1/hardware", "{}").status == 405)
    #expect(try get(port, "/v1/hardware/abacus").status == 404)
  }

  @Test func `the gateway process never maps a driver or a loader`() throws {
    let program = try Program(["serve", "-p", "0"])
    let port = try program.port()
    #expect(
      eventually(upTo: .seconds(20)) {
        (try? get(port, "/v1/hardware").status) == 200
      })
    let maps = try String(contentsOfFile: "/proc/\(program.process.processIdentifier)/maps", encoding: .utf8)
    for name in ["vulkan", "nvidia", "rocm", "ze_loader", "LLVM"] { #expect(!maps.contains(name), "\(name)") }
  }

  @Test func `info prints the hardware as a table or as JSON`() throws {
    let table = try Run.hoosh(["info", "--no-drivers"])
    #expect(table.status == 0, "\(table.errors)")
    for word in ["processor", "memory", "devices"] { #expect(table.output.contains(word)) }
    let run = try Run.hoosh(["info", "--json"])
    #expect(run.status == 0)
    #expect(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) is [String: Any])
  }

  @Test func `fit prints a placement, and exits with status 1 if the model fits nowhere`() throws {
    let run = try Run.hoosh(["fit", "llama-3.1-70b-q4_K_M", "--add-device", "80", "--no-drivers"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("single device"))
    #expect(run.output.contains("tokens a second"))
    let large = try Run.hoosh(["fit", "someone-90000b", "--no-drivers"])
    #expect(large.status == 1)
    #expect(large.output.contains("does not fit"))
    #expect(try Run.hoosh(["fit", "no-such-model"]).status == 74)
    #expect(try Run.hoosh(["fit", "x.gguf"], files: ["x.gguf": "GGUF"]).errors.contains("cut off"))
    #expect(try Run.hoosh(["fit", "7b", "--context", "0"]).status == 64)
    let json = try Run.hoosh(["fit", "7b", "--json", "--add-device", "24", "--no-drivers"])
    #expect(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) is [String: Any])
  }
}
