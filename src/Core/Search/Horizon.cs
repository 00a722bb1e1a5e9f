namespace Fleet.Core.Search;

/// <summary>How far a query reaches that was previewed, so that nothing is touched that came later.</summary>
/// <param name="At">The instant of the preview. A run that ended later, or was started later by a query for running ones, is no longer the
/// run that was seen.</param>
/// <param name="Newest">The newest run that was found; null for no limit.</param>
public sealed record Horizon(DateTimeOffset At, RunId? Newest);
