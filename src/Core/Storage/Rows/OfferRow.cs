namespace Fleet.Core.Storage.Rows;

/// <summary>Active workers with the same lanes and the same jobs.</summary>
/// <param name="Lanes">See <see cref="WorkerRow.Lanes"/>.</param>
/// <param name="Jobs">See <see cref="WorkerRow.Jobs"/>.</param>
/// <param name="Workers">How many such workers there are.</param>
public readonly record struct OfferRow(string Lanes, string Jobs, int Workers);
