import Foundation
import Testing

/// The vocabulary of the prose: field terms, and sentences with a subject that has a name.
@Suite struct WordsTests {
  private static func expression(_ pattern: String, ignoresCase: Bool = true) -> NSRegularExpression {
    do {
      return try NSRegularExpression(pattern: pattern, options: ignoresCase ? .caseInsensitive : [])
    } catch {
      preconditionFailure("\(pattern): \(error)")
    }
  }

  /// Phrases that leave out a subject, or that stand for a field term.
  private static let forbidden = [
    expression(#"(?:^|[.:;] )(?:Who|Whoever|Whom)\b(?!.*\?)"#, ignoresCase: false),
    expression(
      [
        #"\b(?:some|no|every|any)body\b|\bwhoever\b"#,
        #"\bso (?:many|much)\b"#,
        #"\bin vain\b|\b(?:left|leaves?|leaving)(?: \w+){0,3} alone\b"#,
        #"\bwish(?:es|ed)?\b|\bgrudges?\b"#,
        #"\b(?:has|have|had|finds?|found|with|without|no) room\b"#,
        #"\b(?:lends?|lending|lent)\b"#,
        #"\b(?:a|one|last|first|such a) look\b|\b(?:the|two|or|first|good) looks\b|\blooks in vain\b|\blook-ups?\b"#,
        #"(?<!there )\b(?:is|are|was|were) none\b(?! of)"#,
        #"\banew\b|\bof late\b|\btruths?\b"#,
      ].joined(separator: "|")),
  ]

  /// The beginning of a documentation comment that is no noun phrase and no verb.
  private static let summary = expression(
    #"^(?:What|Who|Whom|Whoever|Nobody|None|Of|So)\b"#, ignoresCase: false)

  private static func matches(_ line: Prose.Line) -> Bool {
    let range = NSRange(line.text.startIndex..., in: line.text)
    if line.kind == .summary, summary.firstMatch(in: line.text, range: range) != nil { return true }
    return forbidden.contains { $0.firstMatch(in: line.text, range: range) != nil }
  }

  @Test(arguments: [
    ("/// Who waits.", 1), ("/// What a request needs.", 1), ("/// What.\n/// What follows.", 1),
    ("// Who? The caller.", 0), ("let a = \"nobody\"", 0), ("let a = \"there is nobody here\"", 1),
    ("func `whoever asks gets it`() {}", 1), ("let a = \"it \\(nobody(\"x\")) is here\" // so many", 1),
    ("let a = #\"a \"b\" in vain\"#", 1), ("let a = \"\"\"\n  one two\n  three anew\n  \"\"\"\n// anew", 2),
    ("/* a wish\n and a grudge */ let lends = 1", 2), ("/// Whether there is none.\n/// It is none of these.", 0),
    ("// It is none.", 1), ("let a = \"\\\"\" // without room", 1),
  ])
  func `the reader of prose finds comments, literals and names`(_ text: String, _ hits: Int) {
    let lines = Prose.lines(of: Tree.File(path: "x.swift", text: text))
    #expect(lines.count(where: Self.matches) == hits)
  }

  @Test func `the reader of documents leaves code out`() {
    let text = "# So many\n```\nso many\n```\nHas `so many` and a `wish`.\n| has room | `has room` |"
    #expect(Prose.lines(of: Tree.File(path: "x.md", text: text)).count(where: Self.matches) == 2)
    let script = "#!/bin/sh\n# in vain\necho 'a # so many' # anew\nif [[ $# -gt 1 ]]"
    #expect(Prose.lines(of: Tree.File(path: "x.sh", text: script)).count(where: Self.matches) == 2)
  }

  @Test func `the prose uses the glossary's terms`() {
    #expect(Prose.all.count > 300)
    for (path, lines) in Prose.all {
      let hits = lines.filter(Self.matches)
      for hit in hits { Issue.record("\(path):\(hit.number): \(hit.text)") }
    }
  }

  /// Names of types that have been replaced by a field term, by module.
  private static let replaced: [String: String] = [
    "Sources/hoosh": "Inheritance HardwareLook ServerMessage",
    "Sources/Reactor": "AlarmID Pace Owner NameCache SystemNames CurlMultis CurlNotes",
    "Sources/Gateway": """
    Alarm Feed WaitingRoom Decision ModelQueue FileNews HardwareWatch Journal JournalRow Arrival Keys Hosts Origins
    HeadFault BodyFault JSONFault RefusalReply EventStream TargetCheck EventReader LineReader ConfigurationFault
    ConfigurationFaults BaseURLFault SecretFault TOMLFault BindFault ConfigurationSheet TOMLPlace UpstreamFailure
    AnswerCourse AnswerLabel CompletionsCalls GeminiCalls CallPlaces ResponsesSeal GeminiPlace Dropped Traffic
    HealthBoard Probes RecentCounts Concurrency Picks Asking Choice Next RouteCourse Needs Fit Fitness RouteBuild
    SmallSet StarPatterns RouteFault UpstreamWait ModelCatalogFault Refusal ModelAbilities Register ChatCall Catalog
    """,
    "Sources/Probe": """
    Inquirer Inquiry Grudges GrudgeFile Child DriverChild Questions Question Outcomes Report Described Surroundings
    SurroundingsReader Root Budget Usage ModelFault HardwareCall JSONText JSONWalker JSONProblem
    """,
    "Tests/HouseTests": "HouseholdTests",
  ]

  @Test(arguments: replaced.keys.sorted())
  func `a type's replaced name is not declared again`(_ module: String) throws {
    let names = Set(try #require(Self.replaced[module]).split { $0 == " " || $0 == "\n" }.map(String.init))
    var declared: Set<String> = []
    for file in Tree.swift(module) {
      for type in file.declaredTypes where names.contains(type) { declared.insert(type) }
    }
    #expect(declared.sorted() == [])
  }
}
