import Foundation
import Testing

@testable import Gateway
@testable import Probe

/// Requests and responses of the hardware endpoints.
@Suite struct HardwareAPITests {
  private let snapshot: Snapshot

  init() throws {
    snapshot = Snapshot(try Recorded("radeon-rx7900xtx").machine, reserve: gibibyte)
  }

  private func ask(_ endpoint: HardwareAPI.Endpoint, _ body: String = "") throws -> [String: Any] {
    guard case .json(let bytes) = HardwareAPI.answer(endpoint, Array(body.utf8), snapshot) else {
      Issue.record("refused: \(endpoint)")
      return [:]
    }
    return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
  }

  private func error(_ endpoint: HardwareAPI.Endpoint, _ body: String) -> String? {
    if case .refused(let message, _) = HardwareAPI.answer(endpoint, Array(body.utf8), snapshot) { return message }
    return nil
  }

  @Test func `the machine has the known fields and more`() throws {
    let all = try ask(.machine)
    let accelerators = try #require(all["accelerators"] as? [[String: Any]])
    try #require(accelerators.count == 2)
    #expect(accelerators[0]["name"] as? String == "Radeon RX 7900 XT/XTX")
    #expect(accelerators[0]["family"] as? String == "gpu")
    #expect(accelerators[0]["memory_bytes"] as? Int == 25_753_026_560)
    #expect(accelerators[0]["utilization_pct"] as? Int == 3)
    #expect(all["vram_reserve_bytes"] as? Int == gibibyte)
    #expect((all["available_vram_bytes"] as? Int ?? 0) < (all["total_vram_bytes"] as? Int ?? 0))
    #expect((all["devices"] as? [[String: Any]])?.count == 2)
    #expect((all["environment"] as? [String: Any])?["is_docker"] as? Bool == false)
  }

  @Test(arguments: Recorded.names)
  func `every recorded machine is valid JSON`(name: String) throws {
    let bytes = Snapshot(try Recorded(name).machine).json
    #expect(try JSONSerialization.jsonObject(with: Data(bytes)) is [String: Any])
  }

  @Test func `telemetry and models are lists`() throws {
    #expect((try ask(.telemetry)["devices"] as? [Any])?.count == 2)
    let models = try #require(try ask(.models)["models"] as? [[String: Any]])
    try #require(models.map { $0["params_billions"] as? Int } == [1, 3, 7, 13, 70, 405])
    #expect(models[2]["suggested_quant"] as? String == "fp16")
    #expect(models[5]["fits_available"] as? Bool == false)
    #expect((try ask(.compatibleModels)["compatible"] as? [Any])?.count ?? 0 > 10)
  }

  @Test func `a placement has the known fields and a plan`() throws {
    let answer = try ask(.placement, "{\"model_params\": 8000000000, \"quantization\": \"INT4\"}")
    #expect(answer["memory_required_bytes"] as? Int == 4_800_000_000)
    #expect(answer["fits_single_device"] as? Bool == true)
    #expect((answer["plan"] as? [String: Any])?["manner"] as? String == "single device")
    #expect(try ask(.placement)["model_params"] as? Int == 7_000_000_000)
    #expect(try ask(.placement, "{\"model\": \"llama-3.1-70b\"}")["model_params"] as? Int == 70_000_000_000)
  }

  @Test func `a what-if plans the edited machine with the same code`() throws {
    let body =
      "{\"model\":\"70b\",\"quantization\":\"int4\",\"add_devices\":[{\"memory_bytes\":51539607552}],\"remove_count\":1}"
    let answer = try ask(.simulate, body)
    let before = try #require(answer["original"] as? [String: Any])
    let after = try #require(answer["simulated"] as? [String: Any])
    #expect(before["accelerator_count"] as? Int == 2)
    #expect(after["accelerator_count"] as? Int == 2)
    #expect(after["fits"] as? Bool == true)
    #expect(after["shards_required"] as? Int == 1)
    let plan = try #require(after["plan"] as? [String: Any])
    #expect((plan["shares"] as? [[String: Any]])?.first?["device"] as? String == "uuid-what-if-1")
  }

  @Test func `prices have a date, the cheapest come first, and there are at most five`() throws {
    let answer = try ask(.cost, "{\"model\":\"70b\"}")
    #expect(answer["prices_of"] as? String == "2025-03-31")
    #expect(answer["memory_required_bytes"] as? Int == 84_000_000_000)
    let rows = try #require(answer["recommendations"] as? [[String: Any]])
    #expect(rows.count == 5)
    let prices = rows.compactMap { $0["price_per_hour_usd_x100"] as? Int }
    #expect(prices == prices.sorted())
    #expect(rows.allSatisfy { ($0["total_memory_gb"] as? Int ?? 0) >= 84 })
    #expect(Prices.builtIn.instances.count == 18)
    #expect(Prices(Array("{".utf8)) == nil)
    #expect(try ask(.cost, "{\"model\":\"7b\",\"provider\":\"aws\"}")["recommendations"] as? [[String: Any]] != nil)
  }

  @Test func `training needs the memory of the table`() throws {
    let answer = try ask(.trainingEstimate, "{\"model\":\"7b\",\"method\":\"full\"}")
    let estimate = try #require(answer["estimate"] as? [String: Any])
    #expect(answer["model_params_millions"] as? Int == 7000)
    #expect(estimate["model_bytes"] as? Int == 14_000_000_000)
    #expect(estimate["optimizer_bytes"] as? Int == 28_000_000_000)
    #expect(estimate["total_bytes"] as? Int == 56_000_000_000)
    #expect(estimate["total_gib_x1000"] as? Int == 52_154)
    let small = try #require(
      try ask(.trainingEstimate, "{\"model_params_m\":1000,\"method\":\"qlora\"}")["estimate"] as? [String: Any])
    #expect(small["activation_bytes"] as? Int == 50_000_000)
  }

  @Test func `the first bytes of a file determine its format`() throws {
    let (header, _) = GGUFMaker.llama(
      layers: 1, embedding: 64, heads: 4, kvHeads: 2, feedForward: 128, vocabulary: 10
    ).make()
    guard case .json(let bytes) = HardwareAPI.answer(.modelFormat, header, snapshot) else {
      return #expect(Bool(false))
    }
    let answer = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    #expect(answer["format"] as? String == "gguf")
    #expect(answer["format_version"] as? Int == 3)
    #expect(answer["dtype"] as? String == "Q8_0")
    #expect((answer["param_count"] as? Int ?? 0) > 0)
    guard case .json(let cut) = HardwareAPI.answer(.modelFormat, Array(header[..<30]), snapshot) else {
      return #expect(Bool(false))
    }
    #expect(String(decoding: cut, as: UTF8.self).contains("\"complete\":false"))
  }

  @Test func `a requirement matches devices by kind`() throws {
    #expect(try ask(.requirementMatch, "{\"requirement\":\"gpu\",\"min_chips\":2}")["matches"] as? Bool == true)
    #expect(try ask(.requirementMatch, "{\"requirement\":\"tpu\"}")["matches"] as? Bool == false)
    #expect(try ask(.requirementMatch, "{}")["matches"] as? Bool == true)
  }

  @Test(arguments: [
    (HardwareAPI.Endpoint.placement, "{"), (.placement, "[]"), (.placement, "{}x"),
    (.placement, "{\"model_params\":0}"),
    (.placement, "{\"model_params\":\"many\"}"), (.placement, "{\"quantization\":\"int3\"}"),
    (.placement, "{\"model\":\"gpt-4o\"}"),
    (.simulate, "{\"add_devices\":{}}"), (.simulate, "{\"add_devices\":[{\"memory_bytes\":-1}]}"),
    (.requirementMatch, "{\"requirement\":\"abacus\"}"), (.trainingEstimate, "{\"method\":\"hope\"}"),
    (.trainingEstimate, "{\"target\":\"abacus\"}"), (.modelFormat, "hello"), (.placement, "{\"context\":0}"),
  ])
  func `an invalid request is rejected with a message`(endpoint: HardwareAPI.Endpoint, body: String) {
    #expect(error(endpoint, body)?.hasSuffix(".") == true)
  }

  @Test func `a request that is too large is rejected unread`() {
    let body = "{\"model\":\"7b\",\"x\":\"" + String(repeating: "a", count: HardwareRequest.bytesMax) + "\"}"
    #expect(error(.placement, body)?.contains("65536") == true)
  }

  @Test func `at most 64 devices can be added`() {
    func body(_ count: Int) -> String {
      "{\"add_devices\":[" + [String](repeating: "{\"memory_bytes\":1}", count: count).joined(separator: ",") + "]}"
    }
    #expect(error(.simulate, body(64)) == nil)
    #expect(error(.simulate, body(65)) != nil)
  }

  @Test func `the rule of thumb adds a fifth`() {
    #expect(Sizing.bytes(8_000_000_000, .int4) == 4_800_000_000)
    #expect(Sizing.bytes(1_000_000_000, .fp32) == 4_800_000_000)
    #expect(Sizing.bytes(.max, .fp32) == .max)
  }

  @Test(arguments: [
    "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e308", "5e-324", "-1", "0",
  ])
  func `a request with such a number is answered or rejected`(number: String) {
    let fixed = [
      #""requirement":"gpu","method":"lora","target":"gpu""#, #""model":"m","method":"full","target":"tpu""#,
    ]
    let members = [
      #""model_params":1e18"#, #""model_params_m":1e12"#, #""context":16777216,"model_params":7e9"#,
      #""parallel":4096,"model_params":7e9"#, #""add_devices":[{"memory_bytes":17592186044416}]"#,
    ]
    let stated = [
      "model_params", "model_params_m", "remove_count", "min_chips", "context", "parallel",
    ].map { "\"\($0)\":\(number)" }
    for member in members + stated + [#""add_devices":[{"memory_bytes":\#(number)}]"#] {
      for rest in fixed {
        for endpoint in [
          HardwareAPI.Endpoint.placement, .simulate, .requirementMatch, .cost, .trainingEstimate,
        ] {
          switch HardwareAPI.answer(endpoint, Array("{\(rest),\(member)}".utf8), snapshot) {
          case .json(let json): #expect((try? JSONSerialization.jsonObject(with: Data(json))) != nil)
          case .refused(let message, _): #expect(!message.isEmpty)
          }
        }
      }
    }
  }
}
