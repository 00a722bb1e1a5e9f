using Fleet.Core.Effects;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>Orders runs by the rows that their first effects write. So two transactions that change the same rows usually change them in
/// the same order. If they do not, the database rolls one back as a deadlock, and it is tried again.</summary>
internal sealed class EffectOrder : IComparer<Completion>
{
    public static EffectOrder Instance { get; } = new();

    public int Compare(Completion? x, Completion? y)
    {
        var (a, b) = (x!.Effects[0], y!.Effects[0]);
        var bySql = string.CompareOrdinal(a.Sql, b.Sql);
        if (bySql != 0)
            return bySql;
        // The key is usually the first parameter of an INSERT, and the last of the WHERE of an UPDATE or DELETE.
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
        // Byte arrays cannot be compared, and values of a dictionary can have different types.
        return a.Value is IComparable value && a.Value.GetType() == b.Value.GetType() ? value.CompareTo(b.Value) : 0;
    }
}
