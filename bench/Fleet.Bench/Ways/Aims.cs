namespace Fleet.Bench;

/// <summary>A figure that Fleet is held to. It is told and fails nothing, because it depends on the machine and on what else runs
/// there.</summary>
/// <param name="Name">What is compared with what.</param>
/// <param name="Value">The ratio of two rates, or a number.</param>
/// <param name="Bound">What it has to be, in words.</param>
/// <param name="IsReached">Whether it is.</param>
/// <param name="Format">How the value is shown.</param>
internal sealed record Aim(string Name, double Value, string Bound, bool IsReached, string Format = "0.00");

/// <summary>The figures that Fleet is held to, from what was measured.</summary>
internal static class Aims
{
    private static readonly string[] Peers = ["hangfire", "quartz", "graphile-worker", "pg-boss"];

    /// <summary>Those whose both sides were measured.</summary>
    public static IReadOnlyList<Aim> Of(Results results)
    {
        var aims = new List<Aim>();
        var fleet = results.All.FirstOrDefault(r => r.Contender == Contenders.Fleet);
        if (fleet is null)
            return aims;

        var floor = Of("effect-floor");
        Ratio("transaction, 1 worker / effect-floor", fleet, Figure("transaction", 1), floor, Figure("transaction", 1), 0.6);
        foreach (var workers in new[] { 2, 4, 8 })
            Ratio(
                $"transaction, {workers} workers / 1 worker", fleet, Figure("transaction", workers), fleet, Figure("transaction", 1),
                workers < 8 ? 0.9 : null);
        Ratio("batched, 1 worker / effect-floor", fleet, Figure("batched", 1), floor, Figure("transaction", 1), 3);
        Ratio("batched, 4 workers / 1 worker", fleet, Figure("batched", 4), fleet, Figure("batched", 1), null);
        Ratio("consumer / the same without database", fleet, Figure("consumer", 1), fleet, Figure("consumer-plain", 1), 0.5);
        Ratio("consumer-inbox / the same without database", fleet, Figure("consumer-inbox", 1), fleet, Figure("consumer-plain", 1), 0.5);
        Ratio(
            "consumer-batch / the same without database", fleet, Figure("consumer-batch", 1), fleet, Figure("consumer-batch-plain", 1),
            0.5);
        Ratio("fails-once / plain", fleet, Figure("fails-once", 1), fleet, Figure("plain", 1), 0.2);
        foreach (var peer in Peers)
        {
            foreach (var workers in new[] { 1, 4 })
                Ratio(
                    $"transaction / {peer}, {workers} {(workers == 1 ? "worker" : "workers")}", fleet, Figure("transaction", workers),
                    Of(peer), Figure("transaction", workers), 1);
            Ratio($"fails-once / {peer}", fleet, Figure("fails-once", 1), Of(peer), Figure("fails-once", 1), null);
        }

        foreach (var workers in new[] { 1, 2, 4, 8 })
        {
            foreach (var what in new[] { "refusals", "spent" })
            {
                if (fleet.Most(Figure("transaction", workers, what)) is { } value)
                {
                    var (noun, shown) = (workers == 1 ? "worker" : "workers", what == "spent" ? "attempts spent" : what);
                    aims.Add(new Aim($"transaction, {workers} {noun}, 100 connections: {shown}", value, "0", value == 0, "N0"));
                }
            }
        }

        return aims;

        Result? Of(string name) => results.All.FirstOrDefault(r => r.Contender.Name == name);

        void Ratio(string name, Result? a, string figure, Result? b, string by, double? atLeast)
        {
            if (a?.Ratio(figure, b, by) is { } value)
                aims.Add(new Aim(name, value, atLeast is { } bound ? $"≥ {bound:0.#}" : "", atLeast is null || value >= atLeast));
        }
    }

    private static string Figure(string way, int workers, string? what = null) => new Way("", way, 0).Figure(workers, what);
}
