using Fleet.Core.Rules;

namespace Fleet.Core.Search;

/// <summary>Runs of one state that were counted together.</summary>
/// <param name="State">Their state.</param>
/// <param name="IsDue">Whether they are due.</param>
/// <param name="IsIn">Whether they were made in the time that the query asks for.</param>
/// <param name="Count">How many.</param>
internal sealed record StateGroup(RunState State, bool IsDue, bool IsIn, int Count);

/// <summary>The numbers of a count while it is under way.</summary>
internal sealed class StateTally
{
    /// <summary>Words of which each run has exactly one.</summary>
    private static readonly StateWord[] Words =
        [StateWord.Ready, StateWord.Scheduled, StateWord.Running, StateWord.Succeeded, StateWord.Failed, StateWord.Canceled];

    private readonly bool _byState;
    private readonly int _cap;
    private readonly Dictionary<StateWord, int> _counts = [];

    /// <summary>The words that are not counted to their end.</summary>
    private readonly HashSet<StateWord> _open = [];

    private RunId? _last;

    public StateTally(RunQuery query, bool byState, int cap)
    {
        (_byState, _cap) = (byState, cap);
        foreach (var word in Words.Where(w => query.States.Count == 0 || query.States.Any(asked => Covers(asked, w))))
        {
            _counts.Add(word, 0);
            _open.Add(word);
        }
    }

    /// <summary>How many runs were looked at.</summary>
    public int Rows { get; private set; }

    /// <summary>True when more would not change the answer.</summary>
    public bool IsEnough => _byState ? _open.All(w => _counts[w] > _cap) : _open.Count == 0 || Sum > _cap;

    private int Sum => _counts.Values.Sum();

    public bool IsOpen(RunState state) => _open.Any(w => StateOf(w) == state);

    /// <summary>Adds one run that matches the query.</summary>
    public void Add(RunState state, bool isDue) => Count(WordOf(state, isDue), 1);

    /// <summary>Adds a window.</summary>
    /// <param name="groups">The runs of the window.</param>
    /// <param name="last">The oldest of them; null when nothing older is left.</param>
    public void Add(IEnumerable<StateGroup> groups, RunId? last)
    {
        foreach (var group in groups)
        {
            Rows += group.Count;
            if (group.IsIn && WordOf(group.State, group.IsDue) is var word && _open.Contains(word))
                Count(word, group.Count);
        }

        End(Rows, last);
    }

    /// <summary>Adds all runs of a state, and perhaps others.</summary>
    public void Close(RunState state, IEnumerable<StateGroup> groups)
    {
        foreach (var group in groups.Where(g => g.IsIn && g.State == state))
            Count(WordOf(group.State, group.IsDue), group.Count);
        _open.RemoveWhere(w => StateOf(w) == state);
    }

    /// <summary>Says how far it looked.</summary>
    /// <param name="rows">How many runs in all.</param>
    /// <param name="last">The oldest of them; null when nothing older is left.</param>
    public void End(int rows, RunId? last)
    {
        (Rows, _last) = (rows, last);
        if (last is null)
            _open.Clear();
    }

    public RunCount ToCount()
    {
        var isComplete = _open.Count == 0;
        return new RunCount(
            Capped(Sum, isComplete),
            _byState ? _counts.ToDictionary(c => c.Key, c => Capped(c.Value, !_open.Contains(c.Key))) : [],
            new Scanned(isComplete ? null : _last?.CreatedAt, Rows, isComplete));
    }

    private CappedCount Capped(int count, bool isWhole) => new(Math.Min(count, _cap), IsAtLeast: !isWhole || count > _cap);

    private void Count(StateWord word, int count)
    {
        if (_counts.ContainsKey(word))
            _counts[word] += count;
    }

    private static bool Covers(StateWord asked, StateWord word) => asked == word || (asked, word) is
        (StateWord.Pending, StateWord.Ready or StateWord.Scheduled) or (StateWord.Dead, StateWord.Failed);

    private static StateWord WordOf(RunState state, bool isDue) => state switch
    {
        RunState.Pending => isDue ? StateWord.Ready : StateWord.Scheduled,
        RunState.Running => StateWord.Running,
        RunState.Succeeded => StateWord.Succeeded,
        RunState.Failed => StateWord.Failed,
        _ => StateWord.Canceled,
    };

    private static RunState StateOf(StateWord word) => FilterRuns.StatesOf([word])[0];
}
