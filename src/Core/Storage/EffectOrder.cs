using Fleet.Core.Effects;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>Orders runs by what their first effects write, so that two transactions which change the same rows mostly meet them in the
/// same order. Those that do not are rolled back by the database as a deadlock, and tried again.</summary>
internal sealed class EffectOrder : IComparer<Completion>
{
    public static EffectOrder Instance { get; } = new();

    public int Compare(Completion? x, Completion? y)
    {
        var (a, b) = (x!.Effects[0], y!.Effects[0]);
        var bySql = string.CompareOrdinal(a.Sql, b.Sql);
        if (bySql != 0)
            return bySql;
        // The key is usually what an INSERT names first, and what the WHERE of an UPDATE or DELETE names last.
        var isInsert = a.Sql.AsSpan().TrimStart().StartsWith("INSERT", StringComparison.OrdinalIgnoreCase);
        for (var i = 0; i < a.Values.Count; i++)
        {
            var at = isInsert ? i : a.Values.Count - 1 - i;
            var byValue = Compare(a.Values[at], b.Values[at]);
            if (byValue != 0)
                return byValue;
        }

        return x.Id.CompareTo(y.Id);
    }

    private static int Compare(EffectValue a, EffectValue b)
    {
        if (a.Value is null || b.Value is null)
            return (a.Value is null ? 0 : 1) - (b.Value is null ? 0 : 1);
        if (a.Value is string text && b.Value is string other)
            return string.CompareOrdinal(text, other);
        // Bytes have no order of their own; values of different types come from a dictionary.
        return a.Value is IComparable value && a.Value.GetType() == b.Value.GetType() ? value.CompareTo(b.Value) : 0;
    }
}
