@testable import Gateway
import Testing

@Suite struct ModelListReaderTests {
  private static func read(_ text: String) -> [String]? {
    ModelListReader.read(Array(text.utf8).span, ownedBy: "p")?.map(\.id)
  }

  @Test(arguments: [
    (#"[{"id":"meta/a"},{"id":"b"}]"#, ["meta/a", "b"]), (#" ["a", "b"] "#, ["a", "b"]),
    (#"{"data":["a"]}"#, ["a"]),
    (#"{"models":["a",{"name":"models/b"}]}"#, ["a", "b"]), ("\u{feff}{\"data\":[{\"id\":\"a\"}]}", ["a"]),
    ("\u{feff}[\"a\"]", ["a"]), (#"{"data":[7,null,"",["x"],{"id":7},{"id":"b"}]}"#, ["b"]), ("[]", []),
    (#"{"models":[{"name":"x"}],"data":[{"id":"a"}]}"#, ["a"]),
  ])
  func `a list is read in each form that servers send`(_ text: String, _ ids: [String]) {
    #expect(Self.read(text) == ids)
  }

  @Test(arguments: [
    "", "<html>", "{}", #"{"data":null}"#, #"{"data":{"id":"a"}}"#, #"["a""#, #"["a",]"#, #"{"data":["a"]"#,
    "\u{feff}", "7",
    #"["a"] x"#, #""a""#,
  ])
  func `another text is no list`(_ text: String) { #expect(Self.read(text) == nil) }

  @Test func `a list is bounded`() {
    let names = Array(repeating: "\"a\"", count: ModelListReader.entriesMax + 5)
    #expect(Self.read("[\(names.joined(separator: ","))]")?.count == ModelListReader.entriesMax)
    #expect(Self.read("[\"\(String(repeating: "x", count: ModelEntry.idBytesMax + 1))\"]") == [])
    #expect(Self.read(String(repeating: "[", count: 100_000)) == nil)
  }
}
