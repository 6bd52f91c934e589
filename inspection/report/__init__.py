"""Reports: charts as pictures, and a shift as a page or a PDF. Only here: matplotlib, fpdf2."""
