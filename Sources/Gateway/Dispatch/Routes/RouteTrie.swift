/// A compressed trie of names and prefixes: one walk over a name finds the name itself or its longest prefix.
///
/// Each step of a walk waits for the one before, so a step is only two loads: the node, and its child from a table
/// that covers the bytes between its first and its last child.
struct RouteTrie: Sendable {
  /// Marks the absence of a group.
  static var nothing: UInt32 {
    @inline(__always) @_noAllocation @_noLocks get { .max }
  }

  /// A node: the label between the byte that leads to it and the next branch, and the groups that end here.
  struct Node: Sendable {
    /// The first eight bytes of the label in little-endian order, padded with zeros.
    var labelWord: UInt64 = 0
    /// The bytes after the one that leads here, in `text`.
    var label = Slice.empty
    /// The start of the table of children for the byte `least`, and the number of bytes that it covers.
    var children: UInt32 = 0
    var least: UInt8 = 0
    var span: UInt16 = 0
    /// The group of the name that ends here.
    var name = nothing
    /// The group of names that have this prefix.
    var prefix = nothing
  }

  /// The result of a walk.
  struct Found: Sendable {
    /// A group, or `nothing`.
    var group: UInt32
    /// Whether the full name is in the trie, not only a prefix of it.
    var isName: Bool
  }

  private(set) var nodes: [Node]
  /// The tables of children: node indices, 0 for none.
  private var children: [UInt32] = []
  private var text: [UInt8]
  /// The node of each key.
  private(set) var nodeOfKey: [Int]

  /// Builds a trie of keys, which must be sorted and distinct.
  init(_ keys: [[UInt8]]) {
    nodes = [Node()]
    text = []
    nodeOfKey = [Int](repeating: 0, count: keys.count)
    var starts: [Int] = []
    for key in keys {
      starts.append(text.count)
      text += key
    }
    // Breadth first, so that a node follows its parent.
    var open = [(node: 0, keys: keys.indices, depth: 0)]
    var next = 0
    while next < open.count {
      let (node, range, depth) = open[next]
      next += 1
      var rest = range
      if let first = rest.first, keys[first].count == depth {
        nodeOfKey[first] = node
        rest = rest.dropFirst()
      }
      if let first = rest.first, let last = rest.last {
        nodes[node].children = UInt32(children.count)
        nodes[node].least = keys[first][depth]
        nodes[node].span = UInt16(keys[last][depth] - keys[first][depth]) + 1
        children += [UInt32](repeating: 0, count: Int(nodes[node].span))
      }
      while let first = rest.first {
        let head = keys[first][depth]
        let end = rest.first { keys[$0][depth] != head } ?? rest.endIndex
        // The keys are sorted, so all share what the first and the last share.
        let fork = Self.fork(keys[first], keys[end - 1], from: depth + 1)
        open.append((nodes.count, first..<end, fork))
        children[Int(nodes[node].children) + Int(head - nodes[node].least)] = UInt32(nodes.count)
        nodes.append(Node(label: Slice(start: starts[first] + depth + 1, count: fork - depth - 1)))
        rest = end..<rest.endIndex
      }
    }
    // Words of eight bytes are read up to the end.
    text += [UInt8](repeating: 0, count: 8)
    for node in nodes.indices {
      let label = nodes[node].label.range
      nodes[node].labelWord = Search.word(in: text.span, at: label.lowerBound, before: label.upperBound)
    }
  }

  private static func fork(_ left: [UInt8], _ right: [UInt8], from start: Int) -> Int {
    var at = start
    while at < min(left.count, right.count), left[at] == right[at] { at += 1 }
    return at
  }

  /// Sets the groups of a node.
  mutating func setGroups(_ name: UInt32, _ prefix: UInt32, at node: Int) {
    nodes[node].name = name
    nodes[node].prefix = prefix
  }

  /// Returns the group of a name, or of its longest prefix.
  @inline(__always)
  func find(_ name: Span<UInt8>) -> Found {
    Self.walk(name, nodes: nodes.span, children: children.span, text: text.span)
  }

  @_noAllocation @_noLocks
  private static func walk(
    _ name: Span<UInt8>, nodes: Span<Node>, children: Span<UInt32>, text: Span<UInt8>
  ) -> Found {
    var node = nodes[0]
    var best = node.prefix
    var at = 0
    while at < name.count {
      let child = child(of: node, name[at], children)
      if child == 0 { return Found(group: best, isName: false) }
      node = nodes[child]
      at &+= 1
      let length = Int(node.label.count)
      if length != 0 {
        if length > name.count &- at { return Found(group: best, isName: false) }
        if Search.word(in: name, at: at, before: at &+ length) != node.labelWord {
          return Found(group: best, isName: false)
        }
        if length > 8 {
          if !matchesRest(node.label, of: text, in: name, at: at) { return Found(group: best, isName: false) }
        }
        at &+= length
      }
      if node.prefix != nothing { best = node.prefix }
    }
    if node.name != nothing { return Found(group: node.name, isName: true) }
    return Found(group: best, isName: false)
  }

  /// Returns the child that a byte leads to, or 0.
  @inline(__always) @_noAllocation @_noLocks
  private static func child(of node: Node, _ byte: UInt8, _ children: Span<UInt32>) -> Int {
    let place = byte &- node.least
    if UInt16(place) >= node.span { return 0 }
    return Int(children[Int(node.children) &+ Int(place)])
  }

  /// Returns the indices of a node's children.
  func children(of node: Int) -> [Int] {
    let first = Int(nodes[node].children)
    return children[first..<first + Int(nodes[node].span)].filter { $0 != 0 }.map { Int($0) }
  }

  /// Returns whether the rest of a label, after its first eight bytes, matches a name. It is rarely needed, and a
  /// function of its own so that the walk keeps its registers.
  @inline(never) @_noAllocation @_noLocks
  private static func matchesRest(
    _ label: Slice, of text: Span<UInt8>, in name: Span<UInt8>, at offset: Int
  ) -> Bool {
    let start = Int(label.start)
    let count = Int(label.count)
    var passed = 8
    while passed < count {
      let expected = Search.word(in: text, at: start &+ passed, before: start &+ count)
      if Search.word(in: name, at: offset &+ passed, before: offset &+ count) != expected { return false }
      passed &+= 8
    }
    return true
  }
}
