using System.Reflection;
using System.Runtime.Loader;

namespace Fleet.Engine.Workers;

/// <summary>Finds jobs in assemblies that lie in a folder, <c>Fleet:Worker:JobsPath</c>: each <c>*.dll</c> in it, and
/// <c>NAME/NAME.dll</c> in folders below, for assemblies that bring packages of their own (the output of <c>dotnet publish</c>).</summary>
/// <remarks>Every assembly has a load context of its own, so that two may bring different versions of one package; what
/// the worker itself has loaded (Fleet.Contracts, the framework) is shared. Handlers are made by dependency injection.</remarks>
public static class JobAssemblies
{
    public const string Setting = WorkerOptions.Section + ":JobsPath";

    /// <summary>Registers every handler of the folder's assemblies.</summary>
    /// <param name="jobs">Where they are registered.</param>
    /// <param name="path">The folder.</param>
    /// <exception cref="InvalidOperationException">The folder does not exist, or a file in it is no assembly; names it.</exception>
    public static void AddFrom(JobsBuilder jobs, string path)
    {
        if (!Directory.Exists(path))
            throw new InvalidOperationException($"{Setting}: '{path}' is not allowed; allowed is a folder that exists.");
        foreach (var file in Find(Path.GetFullPath(path)))
        {
            try
            {
                jobs.AddFrom(new JobLoadContext(file).LoadFromAssemblyPath(file));
            }
            catch (Exception e)
                when (e is BadImageFormatException or FileLoadException or ReflectionTypeLoadException or FileNotFoundException)
            {
                throw new InvalidOperationException($"{Setting}: '{file}' cannot be loaded: {e.Message}", e);
            }
        }
    }

    private static IEnumerable<string> Find(string path) => Directory.GetFiles(path, "*.dll")
        .Concat(Directory.GetDirectories(path).Select(folder => Path.Combine(folder, Path.GetFileName(folder) + ".dll")).Where(File.Exists))
        .Order(StringComparer.Ordinal);

    private sealed class JobLoadContext(string file) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(file))
    {
        private readonly AssemblyDependencyResolver _resolver = new(file);

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            // What the worker has, it shares: a second Fleet.Contracts would be another IJob.
            if (Default.Assemblies.Any(a => a.GetName().Name == assemblyName.Name))
                return null;
            try
            {
                return Default.LoadFromAssemblyName(assemblyName);
            }
            catch (FileNotFoundException)
            {
                return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
            }
        }
    }
}
