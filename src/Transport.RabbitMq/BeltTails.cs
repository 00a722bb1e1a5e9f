namespace Fleet.Transport.RabbitMq;

/// <summary>Decides which belt a nudge rides on. A broker lets messages expire at the head of a queue only, so a belt must be
/// filled in due order: a nudge goes where the last one is due latest, yet not after it.</summary>
internal sealed class BeltTails(int count)
{
    private readonly DateTimeOffset[] _tails = new DateTimeOffset[count];

    /// <summary>Takes a place for a nudge.</summary>
    /// <returns>The belt; null when every belt has a later one on it.</returns>
    public int? Place(DateTimeOffset dueAt)
    {
        int? best = null;
        for (var i = 0; i < _tails.Length; i++)
        {
            if (_tails[i] <= dueAt && (best is not { } known || _tails[known] < _tails[i]))
                best = i;
        }

        if (best is { } belt)
            _tails[belt] = dueAt;
        return best;
    }

    /// <summary>Says until when a belt is taken; <see cref="DateTimeOffset.MinValue"/>: it is empty.</summary>
    public void Set(int belt, DateTimeOffset tail) => _tails[belt] = tail;
}
