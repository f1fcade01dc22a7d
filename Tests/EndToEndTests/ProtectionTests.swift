import Foundation
import Testing

@testable import Support
/// Files that a start does not trust, core dumps, and successors.
@Suite struct ProtectionTests {
  private static let demo = "[[providers]]\ntype = \"Demo\"\n"

  @Test func `a gateway leaves no core dump, unless its operator debugs it`() throws {
    func limit(_ environment: [String: String]) throws -> String {
      let program = try Program(["serve", "-p", "0"], environment: environment)
      _ = try program.port()
      let limits = try String(contentsOfFile: "/proc/\(program.process.processIdentifier)/limits", encoding: .utf8)
      return limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }.map { String($0) } ?? ""
    }
    #expect(try limit([:]).contains(#/size +0 +0 /#))
    var own = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &own)
    if own.rlim_max > 0 { #expect(try !limit(["HOOSH_CORE_DUMPS": "1"]).contains(#/size +0 +0 /#)) }
  }

}
